-- The design's index is on the assistant alone; the one of the owner's column before it is the beginning of
-- idx_knowledge_base_user_created.
DROP INDEX idx_knowledge_base_secretary_id;
CREATE INDEX idx_knowledge_base_secretary_id ON knowledge_base (secretary_id);
