-- Preferences, usage, answers kept for repeated requests, and the views.

CREATE TABLE user_preferences (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    preferred_persona varchar(50) REFERENCES personality_templates (slug) ON UPDATE CASCADE ON DELETE SET NULL,
    avatar_customization jsonb DEFAULT '{}',
    voice_enabled boolean NOT NULL DEFAULT false,
    theme varchar(50) NOT NULL DEFAULT 'light' CHECK (theme IN ('light', 'dark')),
    language varchar(10) NOT NULL DEFAULT 'en' CHECK (language ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$'),
    timezone varchar(50),
    notification_settings jsonb,
    privacy_settings jsonb,
    -- May be another user's public assistant: a plain foreign key, looked up under row-level security by the statement that sets it.
    default_assistant_id uuid REFERENCES assistants (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_user_preferences_default_assistant ON user_preferences (default_assistant_id) WHERE default_assistant_id IS NOT NULL;
CREATE TRIGGER user_preferences_touch BEFORE UPDATE ON user_preferences FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- One row for each call of a model. The cost has eight decimals: at four, an embedding call costs nothing.
CREATE TABLE api_usage (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secretary_id uuid,
    api_name varchar(100) NOT NULL CHECK (api_name <> ''),
    model varchar(100),
    tokens_used integer CHECK (tokens_used >= 0),
    cost numeric(16, 8) CHECK (cost >= 0),
    response_time_ms integer CHECK (response_time_ms >= 0),
    success boolean NOT NULL DEFAULT true,
    error_message text,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, created_at, id),
    -- The cost stays when the assistant goes.
    FOREIGN KEY (user_id, secretary_id) REFERENCES assistants (user_id, id) ON DELETE SET NULL (secretary_id)
);
CREATE INDEX idx_api_usage_id ON api_usage (id);
CREATE INDEX idx_api_usage_secretary_id ON api_usage (secretary_id);
CREATE INDEX idx_api_usage_api_name ON api_usage (api_name);
CREATE INDEX idx_api_usage_created_at ON api_usage (created_at);
CREATE INDEX idx_api_usage_success ON api_usage (success);
CREATE INDEX idx_api_usage_user_assistant ON api_usage (user_id, secretary_id, created_at DESC);

-- What was answered to a request with an Idempotency-Key, for as long as it may be repeated. Without an answer it is under way.
CREATE TABLE idempotency_keys (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key varchar(255) NOT NULL CHECK (key <> ''),
    request_sha256 bytea NOT NULL CHECK (octet_length(request_sha256) = 32),
    status integer,
    headers jsonb,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idx_idempotency_keys_created_at ON idempotency_keys (created_at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['user_preferences', 'api_usage', 'idempotency_keys'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR ALL TO authenticated USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id())',
            name || '_own', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO authenticated', name);
        -- Counted by delete_account().
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR SELECT TO CURRENT_USER USING (user_id = NULLIF(current_setting(''app.deleting_account'', true), '''')::uuid)',
            name || '_receipt', name);
    END LOOP;
END $$;
-- Usage is written in batches off the request path, and old answers are cleared away, by the service.
CREATE POLICY api_usage_worker ON api_usage FOR ALL TO bunko_worker USING (true) WITH CHECK (true);
CREATE POLICY idempotency_keys_worker ON idempotency_keys FOR ALL TO bunko_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON api_usage TO bunko_worker;
GRANT SELECT, DELETE ON idempotency_keys TO bunko_worker;
-- What was used stays as it was written.
REVOKE UPDATE, DELETE ON api_usage FROM authenticated;

CREATE VIEW active_assistants WITH (security_invoker = true) AS
    SELECT a.id, a.name, a.description, a.default_llm_model, u.username AS owner_username,
        count(c.id) AS conversation_count, max(c.created_at) AS last_conversation_at
    FROM assistants a
    JOIN users u ON a.user_id = u.id
    LEFT JOIN conversations c ON c.user_id = a.user_id AND c.assistant_id = a.id
    WHERE a.is_active = true
    GROUP BY a.id, a.name, a.description, a.default_llm_model, u.username;

CREATE VIEW conversation_stats WITH (security_invoker = true) AS
    SELECT c.id, c.title, c.status, a.name AS assistant_name, u.username AS user_name,
        count(m.id) AS message_count, min(m.created_at) AS first_message_at, max(m.created_at) AS last_message_at
    FROM conversations c
    JOIN users u ON c.user_id = u.id
    LEFT JOIN assistants a ON a.user_id = c.user_id AND a.id = c.assistant_id
    LEFT JOIN messages m ON m.user_id = c.user_id AND m.conversation_id = c.id
    GROUP BY c.id, c.title, c.status, a.name, u.username;
GRANT SELECT ON active_assistants, conversation_stats TO authenticated, bunko_worker;

-- The design's index for plain SQL. An ivfflat index made on an empty table has useless lists, so it is made once there are enough
-- rows, by the service's daily round. Returns whether it exists afterwards.
CREATE FUNCTION ensure_embedding_index() RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    row_count bigint;
BEGIN
    IF to_regclass('public.idx_knowledge_base_embedding') IS NOT NULL THEN
        RETURN true;
    END IF;
    SELECT greatest(reltuples, 0)::bigint INTO row_count FROM pg_class WHERE oid = 'public.knowledge_base'::regclass;
    IF row_count < 1000 THEN
        RETURN false;
    END IF;
    -- pgvector's advice: rows / 1000 lists up to a million rows, the square root beyond.
    EXECUTE format('CREATE INDEX idx_knowledge_base_embedding ON public.knowledge_base USING ivfflat (embedding public.vector_cosine_ops) WITH (lists = %s)',
        CASE WHEN row_count <= 1000000 THEN greatest(row_count / 1000, 10) ELSE sqrt(row_count)::bigint END);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION ensure_embedding_index() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_embedding_index() TO bunko_worker;

INSERT INTO system_settings (key, value, description) VALUES
    ('archive_after_days', '183', 'Messages and conversations this many days old are archived daily; 0 for never');
