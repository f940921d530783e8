DROP TRIGGER knowledge_base_updated_model ON knowledge_base;
DROP TRIGGER knowledge_base_inserted_model ON knowledge_base;
DROP FUNCTION check_embedding_model();
DELETE FROM system_settings WHERE key = 'embedding_model';
