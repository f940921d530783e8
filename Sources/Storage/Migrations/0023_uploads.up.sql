-- Files that come in several requests, and contents on disk that nothing refers to.

CREATE TABLE uploads (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    assistant_id uuid,
    conversation_id uuid,
    -- For all to share: then the file will be the system user's, and the upload is the administrator's who sends it.
    is_shared boolean NOT NULL DEFAULT false,
    file_name varchar(255) NOT NULL CHECK (file_name <> ''),
    source_path text NOT NULL CHECK (source_path <> ''),
    byte_count bigint NOT NULL CHECK (byte_count >= 0),
    -- What was acknowledged: these bytes are durable.
    received bigint NOT NULL DEFAULT 0,
    -- Counts the requests that went on with it: only the last may move it on.
    turn integer NOT NULL DEFAULT 0,
    -- What the whole will be, if the sender has told.
    sha256 bytea CHECK (octet_length(sha256) = 32),
    tags text[] NOT NULL DEFAULT '{}',
    retry_failed boolean NOT NULL DEFAULT false,
    batch varchar(100),
    -- What the completion was answered, for whoever asks again.
    answer_status integer,
    answer_version text,
    answer_body bytea,
    answer_xid xid8,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id),
    FOREIGN KEY (user_id, assistant_id) REFERENCES assistants (user_id, id) ON DELETE CASCADE,
    FOREIGN KEY (user_id, conversation_id) REFERENCES conversations (user_id, id) ON DELETE CASCADE,
    CONSTRAINT uploads_received CHECK (received BETWEEN 0 AND byte_count),
    CONSTRAINT uploads_target CHECK ((assistant_id IS NULL) = is_shared AND (conversation_id IS NULL OR NOT is_shared)),
    CONSTRAINT uploads_answer CHECK ((answer_status IS NULL) = (answer_body IS NULL))
);
CREATE INDEX idx_uploads_expires_at ON uploads (expires_at);
CREATE TRIGGER uploads_touch BEFORE UPDATE ON uploads FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE uploads FORCE ROW LEVEL SECURITY;
CREATE POLICY uploads_own ON uploads FOR ALL TO authenticated
    USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id());
-- The service ends what has expired.
CREATE POLICY uploads_worker_read ON uploads FOR SELECT TO bunko_worker USING (true);
CREATE POLICY uploads_worker_end ON uploads FOR DELETE TO bunko_worker USING (true);
-- Counted by delete_account().
CREATE POLICY uploads_receipt ON uploads FOR SELECT TO CURRENT_USER
    USING (user_id = NULLIF(current_setting('app.deleting_account', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON uploads TO authenticated;
GRANT SELECT, DELETE ON uploads TO bunko_worker;

-- Contents that stand on disk and in no row are taken down as released, whereupon the clean-up removes them like all that is.
GRANT INSERT ON file_contents TO bunko_worker;
