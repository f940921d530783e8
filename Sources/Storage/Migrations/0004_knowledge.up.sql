-- Files, their bytes, and the passages cut from them.

-- One row for each distinct content on disk. Counted by trigger; the bytes are removed only in a transaction that holds the row.
-- It belongs to nobody and says of nobody what they have: no role but the owner and the service's worker reaches it.
CREATE TABLE file_contents (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    byte_count bigint NOT NULL CHECK (byte_count >= 0),
    reference_count bigint NOT NULL CHECK (reference_count >= 0),
    released_at timestamptz
);
CREATE INDEX idx_file_contents_released ON file_contents (released_at) WHERE reference_count = 0;
GRANT SELECT, DELETE ON file_contents TO bunko_worker;

CREATE TABLE files (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    assistant_id uuid,
    file_name varchar(255) NOT NULL CHECK (file_name <> ''),
    source_path text NOT NULL CHECK (source_path <> ''),
    file_type varchar(100),
    mime_type varchar(100),
    file_size bigint NOT NULL CHECK (file_size >= 0),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    storage_path varchar(500) NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    processing_state varchar(20) NOT NULL DEFAULT 'pending' CHECK (processing_state IN ('pending', 'processing', 'done', 'failed')),
    is_processed boolean GENERATED ALWAYS AS (processing_state = 'done') STORED,
    failure_code varchar(100),
    failure_reason text,
    -- Which running service holds the job; meaningful in state 'processing' alone.
    claimed_by bigint,
    attempts integer NOT NULL DEFAULT 0,
    chunk_count integer NOT NULL DEFAULT 0,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id),
    UNIQUE NULLS NOT DISTINCT (user_id, assistant_id, source_path),
    FOREIGN KEY (user_id, assistant_id) REFERENCES assistants (user_id, id) ON DELETE CASCADE,
    CHECK ((processing_state = 'failed') = (failure_reason IS NOT NULL))
);
CREATE INDEX idx_files_id ON files (id);
CREATE INDEX idx_files_user_id ON files (user_id);
CREATE INDEX idx_files_user_created ON files (user_id, created_at DESC, id);
CREATE INDEX idx_files_assistant ON files (user_id, assistant_id, created_at DESC, id);
CREATE INDEX idx_files_file_type ON files (file_type);
CREATE INDEX idx_files_is_processed ON files (is_processed);
CREATE INDEX idx_files_unprocessed ON files (user_id, created_at) WHERE is_processed = false;
CREATE INDEX idx_files_queue ON files (created_at, id) WHERE processing_state IN ('pending', 'processing');
CREATE TRIGGER files_touch BEFORE UPDATE ON files FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Runs as the owner, because the writer of a file must not see what else is stored under the same hash.
CREATE FUNCTION count_file_contents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.sha256 = NEW.sha256 THEN
        RETURN NULL;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO public.file_contents AS c (sha256, byte_count, reference_count)
        VALUES (NEW.sha256, NEW.file_size, 1)
        ON CONFLICT (sha256) DO UPDATE SET reference_count = c.reference_count + 1, released_at = NULL;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        UPDATE public.file_contents SET
            reference_count = reference_count - 1,
            released_at = CASE WHEN reference_count = 1 THEN now() END
        WHERE sha256 = OLD.sha256;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER files_count_contents AFTER INSERT OR UPDATE OF sha256 OR DELETE ON files
    FOR EACH ROW EXECUTE FUNCTION count_file_contents();

ALTER TABLE files ENABLE ROW LEVEL SECURITY;
ALTER TABLE files FORCE ROW LEVEL SECURITY;
CREATE POLICY files_own ON files FOR ALL TO authenticated
    USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id());
-- The worker finds and claims jobs; what a job writes is written as its user.
CREATE POLICY files_worker_read ON files FOR SELECT TO bunko_worker USING (true);
CREATE POLICY files_worker_claim ON files FOR UPDATE TO bunko_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON files TO authenticated;
GRANT SELECT ON files TO bunko_worker;
GRANT UPDATE (processing_state, claimed_by, attempts, failure_code, failure_reason, updated_at) ON files TO bunko_worker;

CREATE TABLE knowledge_base (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secretary_id uuid,
    file_id uuid,
    ordinal integer,
    content text NOT NULL CHECK (content <> ''),
    embedding vector(1536),
    embedding_model varchar(100),
    content_sha256 bytea CHECK (octet_length(content_sha256) = 32),
    token_count integer NOT NULL DEFAULT 0 CHECK (token_count >= 0),
    heading_path text[] NOT NULL DEFAULT '{}',
    page_from integer,
    page_to integer,
    char_start integer,
    char_end integer,
    source_type varchar(50),
    source_url varchar(500),
    tags text[] NOT NULL DEFAULT '{}',
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id),
    -- Knowledge without an assistant is shared knowledge, and only the system user has it.
    CHECK ((secretary_id IS NULL) = (user_id = '00000000-0000-0000-0000-000000000001')),
    CHECK (char_start IS NULL OR (char_start >= 0 AND char_end > char_start)),
    -- CASCADE and never SET NULL, which would publish private knowledge.
    FOREIGN KEY (user_id, secretary_id) REFERENCES assistants (user_id, id) ON DELETE CASCADE,
    FOREIGN KEY (user_id, file_id) REFERENCES files (user_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_knowledge_base_id ON knowledge_base (id);
CREATE INDEX idx_knowledge_base_secretary_id ON knowledge_base (user_id, secretary_id);
CREATE INDEX idx_knowledge_base_file ON knowledge_base (user_id, file_id, ordinal);
CREATE INDEX idx_knowledge_base_source_type ON knowledge_base (source_type);
CREATE INDEX idx_knowledge_base_tags ON knowledge_base USING gin (tags);
CREATE TRIGGER knowledge_base_touch BEFORE UPDATE ON knowledge_base FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE knowledge_base ENABLE ROW LEVEL SECURITY;
ALTER TABLE knowledge_base FORCE ROW LEVEL SECURITY;
CREATE POLICY knowledge_base_own ON knowledge_base FOR ALL TO authenticated
    USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id());
CREATE POLICY knowledge_base_shared ON knowledge_base FOR SELECT TO authenticated
    USING (current_user_id() IS NOT NULL AND user_id = '00000000-0000-0000-0000-000000000001');
CREATE POLICY knowledge_base_mirror ON knowledge_base FOR SELECT TO bunko_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON knowledge_base TO authenticated;
GRANT SELECT ON knowledge_base TO bunko_worker;
