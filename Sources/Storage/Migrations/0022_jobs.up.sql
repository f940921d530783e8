-- Imports as jobs: a row for each upload, from the queue to its end. What a worker holds is a job and no longer the file itself.

CREATE TABLE jobs (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    assistant_id uuid,
    file_id uuid NOT NULL,
    -- What an importer calls all the uploads of one run.
    batch varchar(100),
    state varchar(20) NOT NULL DEFAULT 'queued' CHECK (
        state IN ('queued', 'extracting', 'chunking', 'embedding', 'storing', 'done', 'failed', 'unchanged', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- When it is tried again after a fault of the machine or the provider.
    not_before timestamptz NOT NULL DEFAULT now(),
    -- The session of a service that works on it.
    claimed_by bigint,
    chunks_total integer CHECK (chunks_total >= 0),
    chunks_embedded integer NOT NULL DEFAULT 0 CHECK (chunks_embedded >= 0),
    failure_code varchar(100),
    failure_reason text,
    failure_remedy text,
    failure_step varchar(20),
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, id),
    FOREIGN KEY (user_id, file_id) REFERENCES files (user_id, id) ON DELETE CASCADE,
    CHECK ((claimed_by IS NOT NULL) = (state IN ('extracting', 'chunking', 'embedding', 'storing'))),
    CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed', 'unchanged', 'cancelled'))),
    CHECK ((failure_reason IS NOT NULL) = (state = 'failed'))
);
-- A file has one job that is not over: a newer upload ends the older one.
CREATE UNIQUE INDEX idx_jobs_open ON jobs (user_id, file_id) WHERE finished_at IS NULL;
CREATE INDEX idx_jobs_queue ON jobs (created_at, id) WHERE state = 'queued';
CREATE INDEX idx_jobs_claims ON jobs (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX idx_jobs_id ON jobs (id);
CREATE INDEX idx_jobs_user_created ON jobs (user_id, created_at DESC, id DESC);
CREATE INDEX idx_jobs_batch ON jobs (user_id, batch, created_at DESC, id DESC) WHERE batch IS NOT NULL;
CREATE INDEX idx_jobs_file ON jobs (user_id, file_id, created_at DESC);
CREATE INDEX idx_jobs_user_updated ON jobs (user_id, updated_at);
CREATE INDEX idx_jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;

-- Changes are followed by their time, so it is that of the statement.
CREATE FUNCTION touch_job() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER jobs_touch BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION touch_job();

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY jobs_own ON jobs FOR ALL TO authenticated
    USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id());
CREATE POLICY jobs_worker ON jobs FOR ALL TO bunko_worker USING (true) WITH CHECK (true);
-- Counted by delete_account().
CREATE POLICY jobs_receipt ON jobs FOR SELECT TO CURRENT_USER
    USING (user_id = NULLIF(current_setting('app.deleting_account', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON jobs TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO bunko_worker;

-- What is under way begins again as a job. The owner is bound by the policies, too, but for this statement.
ALTER TABLE files NO FORCE ROW LEVEL SECURITY;
ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY;
INSERT INTO jobs (user_id, assistant_id, file_id, created_at)
SELECT user_id, assistant_id, id, created_at FROM files WHERE processing_state IN ('pending', 'processing');
UPDATE files SET processing_state = 'pending' WHERE processing_state = 'processing';
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
ALTER TABLE files FORCE ROW LEVEL SECURITY;

DROP INDEX idx_files_queue;
REVOKE UPDATE (claimed_by, attempts) ON files FROM bunko_worker;
ALTER TABLE files DROP claimed_by, DROP attempts;

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
        processing_state = 'pending', failure_code = NULL, failure_reason = NULL
    WHERE f.archived_conversation_id = ANY (chosen);
    INSERT INTO jobs (user_id, assistant_id, file_id)
    SELECT f.user_id, f.assistant_id, f.id FROM files f WHERE f.conversation_id = ANY (chosen) AND f.processing_state = 'pending'
    ON CONFLICT (user_id, file_id) WHERE finished_at IS NULL DO NOTHING;
    UPDATE files f SET message_id = m.id, message_created_at = m.created_at, archived_message_id = NULL
    FROM messages m
    WHERE f.conversation_id = ANY (chosen) AND f.archived_message_id IS NOT NULL
        AND m.user_id = f.user_id AND m.conversation_id = f.conversation_id AND m.id = f.archived_message_id;
    RETURN QUERY SELECT conversation_count, moved_count;
END $$;

-- Vectors that were paid for, by the text they are of: a crash in the middle of a file costs none of them, and a file that comes again
-- pays only for passages that have changed. Each user's own: what somebody else has embedded tells nobody anything.
CREATE TABLE embedding_cache (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    model varchar(100) NOT NULL,
    text_sha256 bytea NOT NULL CHECK (octet_length(text_sha256) = 32),
    embedding vector(1536) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, model, text_sha256)
);
CREATE INDEX idx_embedding_cache_created ON embedding_cache (created_at);
ALTER TABLE embedding_cache ENABLE ROW LEVEL SECURITY;
ALTER TABLE embedding_cache FORCE ROW LEVEL SECURITY;
CREATE POLICY embedding_cache_own ON embedding_cache FOR ALL TO authenticated
    USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id());
CREATE POLICY embedding_cache_worker ON embedding_cache FOR ALL TO bunko_worker USING (true) WITH CHECK (true);
CREATE POLICY embedding_cache_receipt ON embedding_cache FOR SELECT TO CURRENT_USER
    USING (user_id = NULLIF(current_setting('app.deleting_account', true), '')::uuid);
GRANT SELECT, INSERT ON embedding_cache TO authenticated;
GRANT SELECT, DELETE ON embedding_cache TO bunko_worker;

-- Every format that has an extractor now, unless an administrator has chosen.
UPDATE system_settings
SET value = '["txt", "text", "log", "md", "markdown", "html", "htm", "xhtml", "pdf", "docx", "docm", "pptx", "pptm", "xlsx", "xlsm", "csv", "tsv", "json", "jsonl", "ndjson"]'
WHERE key = 'supported_file_types' AND value = '["txt", "md"]';
