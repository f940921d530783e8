DROP INDEX idx_knowledge_base_secretary_id;
CREATE INDEX idx_knowledge_base_secretary_id ON knowledge_base (user_id, secretary_id);
