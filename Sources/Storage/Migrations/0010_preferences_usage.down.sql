DELETE FROM system_settings WHERE key = 'archive_after_days';
DROP FUNCTION ensure_embedding_index();
DROP INDEX IF EXISTS idx_knowledge_base_embedding;
DROP VIEW conversation_stats;
DROP VIEW active_assistants;
DROP TABLE idempotency_keys;
DROP TABLE api_usage;
DROP TABLE user_preferences;
