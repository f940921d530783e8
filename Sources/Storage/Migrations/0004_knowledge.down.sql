DROP TABLE knowledge_base;
DROP TABLE files;
DROP FUNCTION count_file_contents();
DROP TABLE file_contents;
