ALTER TABLE files ADD claimed_by bigint;
ALTER TABLE files ADD attempts integer NOT NULL DEFAULT 0;
ALTER TABLE files NO FORCE ROW LEVEL SECURITY;
UPDATE files SET processing_state = 'pending' WHERE processing_state = 'processing';
ALTER TABLE files FORCE ROW LEVEL SECURITY;
CREATE INDEX idx_files_queue ON files (created_at, id) WHERE processing_state IN ('pending', 'processing');
GRANT UPDATE (claimed_by, attempts) ON files TO bunko_worker;

CREATE OR REPLACE FUNCTION restore_conversations(chosen uuid[]) RETURNS TABLE (conversations bigint, messages bigint)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE
    conversation_count bigint;
    moved_count bigint;
BEGIN
    WITH back AS (DELETE FROM conversations_archive a WHERE a.id = ANY (chosen) RETURNING *)
    INSERT INTO conversations
        (id, user_id, assistant_id, persona_id, personality_template_id, template_version, title, conversation_type, status,
         voice_enabled, voice_id, message_count, metadata, started_at, ended_at, created_at, updated_at, public_assistant_id,
         public_assistant_name)
    SELECT b.id, b.user_id, s.id,
        CASE WHEN s.id IS NULL THEN coalesce(p.slug, 'business-assistant') ELSE p.slug END,
        t.id, b.template_version, b.title, b.conversation_type, b.status, b.voice_enabled, v.id, 0, b.metadata, b.started_at, b.ended_at,
        b.created_at, b.updated_at, b.public_assistant_id, b.public_assistant_name
    FROM back b
    LEFT JOIN assistants s ON s.user_id = b.user_id AND s.id = b.assistant_id
    LEFT JOIN personality_templates p ON p.slug = b.persona_id
    LEFT JOIN personality_templates t ON t.id = b.personality_template_id
    LEFT JOIN voices v ON v.id = b.voice_id;
    GET DIAGNOSTICS conversation_count = ROW_COUNT;
    UPDATE conversations c SET restored_at = now() WHERE c.id = ANY (chosen);
    WITH back AS (
        DELETE FROM messages_archive m WHERE m.conversation_id = ANY (chosen)
            AND EXISTS (SELECT FROM conversations c WHERE c.user_id = m.user_id AND c.id = m.conversation_id) RETURNING *
    )
    INSERT INTO messages
        (id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at)
    SELECT id, user_id, conversation_id, role, content, content_type, parent_id, emotion, tokens_used, metadata, created_at FROM back;
    GET DIAGNOSTICS moved_count = ROW_COUNT;
    UPDATE files f SET conversation_id = f.archived_conversation_id, archived_conversation_id = NULL,
        processing_state = 'pending', claimed_by = NULL, attempts = 0, failure_code = NULL, failure_reason = NULL
    WHERE f.archived_conversation_id = ANY (chosen);
    UPDATE files f SET message_id = m.id, message_created_at = m.created_at, archived_message_id = NULL
    FROM messages m
    WHERE f.conversation_id = ANY (chosen) AND f.archived_message_id IS NOT NULL
        AND m.user_id = f.user_id AND m.conversation_id = f.conversation_id AND m.id = f.archived_message_id;
    RETURN QUERY SELECT conversation_count, moved_count;
END $$;

DROP TABLE embedding_cache;
DROP TABLE jobs;
DROP FUNCTION touch_job();

UPDATE system_settings
SET value = '["txt", "md"]'
WHERE key = 'supported_file_types'
    AND value = '["txt", "text", "log", "md", "markdown", "html", "htm", "xhtml", "pdf", "docx", "docm", "pptx", "pptm", "xlsx", "xlsm", "csv", "tsv", "json", "jsonl", "ndjson"]';
