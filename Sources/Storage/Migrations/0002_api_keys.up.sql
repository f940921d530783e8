-- API keys: a public prefix to find the row by, and the SHA-256 of a 256-bit secret.

CREATE TABLE api_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL,
    prefix varchar(16) NOT NULL UNIQUE,
    secret_sha256 bytea NOT NULL CHECK (octet_length(secret_sha256) = 32),
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'ingest', 'admin'] AND cardinality(scopes) > 0),
    assistant_ids uuid[],
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE INDEX idx_api_keys_user_id ON api_keys (user_id, created_at DESC);

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY api_keys_own ON api_keys FOR ALL TO authenticated
    USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id());
GRANT SELECT, INSERT, DELETE ON api_keys TO authenticated;
GRANT UPDATE (name, revoked_at) ON api_keys TO authenticated;

-- Before a principal exists only this function answers. It runs as the owner, whom the forced policies let through solely while
-- the function's own setting stands.
CREATE POLICY api_keys_authentication ON api_keys FOR ALL TO CURRENT_USER
    USING (current_setting('app.authenticating', true) = 'key') WITH CHECK (current_setting('app.authenticating', true) = 'key');
CREATE POLICY users_authentication ON users FOR SELECT TO CURRENT_USER
    USING (current_setting('app.authenticating', true) = 'key');

-- The principal behind a live key of an active user, or no row. The time of last use is written once a minute at most.
CREATE FUNCTION authenticate_api_key(key_prefix text, key_secret_sha256 bytea)
    RETURNS TABLE (key_id uuid, key_user_id uuid, key_scopes text[], key_assistant_ids uuid[])
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    found public.api_keys%ROWTYPE;
BEGIN
    -- Not in a SET clause of the function: those ask for a superuser when the parameter is not known to the server.
    PERFORM set_config('app.authenticating', 'key', true);
    SELECT k.* INTO found
    FROM public.api_keys k JOIN public.users u ON u.id = k.user_id
    WHERE k.prefix = key_prefix AND k.secret_sha256 = key_secret_sha256 AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now()) AND u.is_active;
    IF found.id IS NOT NULL AND (found.last_used_at IS NULL OR found.last_used_at < now() - interval '1 minute') THEN
        UPDATE public.api_keys SET last_used_at = now() WHERE id = found.id;
    END IF;
    PERFORM set_config('app.authenticating', '', true);
    IF found.id IS NOT NULL THEN
        RETURN QUERY SELECT found.id, found.user_id, found.scopes, found.assistant_ids;
    END IF;
END $$;
REVOKE ALL ON FUNCTION authenticate_api_key(text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_api_key(text, bytea) TO bunko_app;
