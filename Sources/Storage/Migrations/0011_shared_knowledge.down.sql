DROP INDEX idx_knowledge_base_shared;
DROP POLICY files_shared ON files;
