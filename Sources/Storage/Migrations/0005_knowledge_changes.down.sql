DROP TRIGGER knowledge_base_deleted ON knowledge_base;
DROP TRIGGER knowledge_base_updated ON knowledge_base;
DROP TRIGGER knowledge_base_inserted ON knowledge_base;
DROP FUNCTION record_knowledge_changes();
DROP TABLE knowledge_changes;
