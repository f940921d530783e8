-- Logging in: what is needed before a principal exists is reached through named functions of the owner alone.

-- Everything but the hash of the password, which only the functions below compare.
REVOKE SELECT ON users FROM authenticated;
GRANT SELECT (id, username, email, email_folded, first_name, last_name, is_active, is_verified, is_admin, last_login_at, created_at, updated_at)
    ON users TO authenticated;

-- Failed log-ins by the name that was tried, so that unknown names are delayed like known ones.
CREATE TABLE login_attempts (
    name_folded varchar(255) PRIMARY KEY,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    locked_until timestamptz,
    last_failure_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_login_attempts_last_failure ON login_attempts (last_failure_at);
GRANT SELECT, DELETE ON login_attempts TO bunko_worker;

-- Refresh tokens by the SHA-256 of their secret. A token is used once; its successor is of the same family; a second use means that
-- somebody has a copy, and ends the family.
CREATE TABLE refresh_tokens (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    family_id uuid NOT NULL,
    secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id)
);
CREATE INDEX idx_refresh_tokens_family ON refresh_tokens (user_id, family_id);
CREATE INDEX idx_refresh_tokens_expires_at ON refresh_tokens (expires_at);

-- One-time links: verifying an e-mail address, setting a password anew, and the first administrator's set-up.
CREATE TABLE account_tokens (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose varchar(20) NOT NULL CHECK (purpose IN ('verify_email', 'reset_password', 'setup')),
    secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, id)
);
CREATE INDEX idx_account_tokens_expires_at ON account_tokens (expires_at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['refresh_tokens', 'account_tokens'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR ALL TO authenticated USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id())',
            name || '_own', name);
        EXECUTE format('CREATE POLICY %I ON %I FOR ALL TO bunko_worker USING (true) WITH CHECK (true)', name || '_worker', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO bunko_worker', name);
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR ALL TO CURRENT_USER USING (current_setting(''app.authenticating'', true) = ''account'')
                WITH CHECK (current_setting(''app.authenticating'', true) = ''account'')', name || '_authentication', name);
    END LOOP;
END $$;
GRANT SELECT (id, user_id, family_id, expires_at, used_at, revoked_at, created_at) ON refresh_tokens TO authenticated;
GRANT INSERT ON refresh_tokens TO authenticated;
GRANT UPDATE (revoked_at) ON refresh_tokens TO authenticated;
GRANT SELECT (id, user_id, purpose, expires_at, used_at, created_at) ON account_tokens TO authenticated;
GRANT INSERT ON account_tokens TO authenticated;

CREATE POLICY users_account ON users FOR ALL TO CURRENT_USER
    USING (current_setting('app.authenticating', true) = 'account') WITH CHECK (current_setting('app.authenticating', true) = 'account');

-- Delay after so many failures: none for the first four, then 1 s, 2 s, 4 s … up to 15 minutes.
CREATE FUNCTION login_delay(failures integer) RETURNS interval
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT CASE WHEN failures < 5 THEN interval '0' ELSE least(interval '1 second' * power(2, least(failures - 5, 20)), interval '15 minutes') END $$;

-- Checks a password for a user name or an e-mail address. One bcrypt comparison whatever happens: an unknown or locked name, or one
-- without a password, is compared with a fixed hash of the same cost.
-- outcome: 'ok', 'refused', or 'locked' with the seconds to wait.
CREATE FUNCTION authenticate_password(login_name text, password text)
    RETURNS TABLE (outcome text, found_user_id uuid, found_is_admin boolean, found_is_verified boolean, retry_after_seconds integer)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    folded varchar(255) := left(lower(login_name), 255);
    found public.users%ROWTYPE;
    attempt public.login_attempts%ROWTYPE;
    matches boolean;
    count_now integer;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    SELECT u.* INTO found FROM public.users u WHERE u.email_folded = folded;
    IF found.id IS NULL THEN
        SELECT u.* INTO found FROM public.users u WHERE u.username = login_name;
    END IF;
    -- One attempt at a time for each name, so that many at once cannot pass the lock together.
    INSERT INTO public.login_attempts (name_folded) VALUES (folded) ON CONFLICT DO NOTHING;
    SELECT a.* INTO attempt FROM public.login_attempts a WHERE a.name_folded = folded FOR UPDATE;
    matches := public.verify_password(
        left(password, 72),
        CASE WHEN found.password_hash LIKE '$2_$12$%' THEN found.password_hash
             ELSE '$2a$12$C6UzMDM.H6dfI/f/IKcEeO7ZPbn0b4uqO4Ypq1uHs3yq8JdC8n0G6' END)
        AND octet_length(password) <= 72 AND found.password_hash LIKE '$2_$12$%';
    IF attempt.locked_until > now() THEN
        PERFORM set_config('app.authenticating', '', true);
        RETURN QUERY SELECT 'locked'::text, NULL::uuid, false, false, ceil(extract(epoch FROM attempt.locked_until - now()))::integer;
        RETURN;
    END IF;
    IF coalesce(matches, false) AND found.is_active THEN
        DELETE FROM public.login_attempts WHERE name_folded = folded;
        UPDATE public.users SET last_login_at = now() WHERE id = found.id;
        PERFORM set_config('app.authenticating', '', true);
        RETURN QUERY SELECT 'ok'::text, found.id, found.is_admin, found.is_verified, 0;
        RETURN;
    END IF;
    UPDATE public.login_attempts SET failures = failures + 1, last_failure_at = now(),
        locked_until = CASE WHEN public.login_delay(failures + 1) > interval '0' THEN now() + public.login_delay(failures + 1) END
    WHERE name_folded = folded RETURNING failures INTO count_now;
    PERFORM set_config('app.authenticating', '', true);
    RETURN QUERY SELECT 'refused'::text, NULL::uuid, false, false, extract(epoch FROM public.login_delay(count_now))::integer;
END $$;
REVOKE ALL ON FUNCTION authenticate_password(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_password(text, text) TO bunko_app;

-- Exchanges a refresh token for its successor. outcome: 'ok', 'refused' (unknown, expired, revoked, or its user is not active), or
-- 'reused': then the whole family is revoked.
CREATE FUNCTION rotate_refresh_token(old_sha256 bytea, new_sha256 bytea, lifetime interval)
    RETURNS TABLE (outcome text, found_user_id uuid, found_is_admin boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    token public.refresh_tokens%ROWTYPE;
    found public.users%ROWTYPE;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    SELECT t.* INTO token FROM public.refresh_tokens t WHERE t.secret_sha256 = old_sha256 FOR UPDATE;
    SELECT u.* INTO found FROM public.users u WHERE u.id = token.user_id;
    IF token.id IS NULL OR token.revoked_at IS NOT NULL OR token.expires_at <= now() OR NOT found.is_active THEN
        PERFORM set_config('app.authenticating', '', true);
        RETURN QUERY SELECT 'refused'::text, NULL::uuid, false;
        RETURN;
    END IF;
    IF token.used_at IS NOT NULL THEN
        UPDATE public.refresh_tokens SET revoked_at = now()
        WHERE user_id = token.user_id AND family_id = token.family_id AND revoked_at IS NULL;
        PERFORM set_config('app.authenticating', '', true);
        RETURN QUERY SELECT 'reused'::text, token.user_id, false;
        RETURN;
    END IF;
    UPDATE public.refresh_tokens SET used_at = now() WHERE user_id = token.user_id AND id = token.id;
    INSERT INTO public.refresh_tokens (user_id, family_id, secret_sha256, expires_at)
    VALUES (token.user_id, token.family_id, new_sha256, now() + lifetime);
    PERFORM set_config('app.authenticating', '', true);
    RETURN QUERY SELECT 'ok'::text, found.id, found.is_admin;
END $$;
REVOKE ALL ON FUNCTION rotate_refresh_token(bytea, bytea, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rotate_refresh_token(bytea, bytea, interval) TO bunko_app;

-- Whether the user behind an access token may still act: asked with each request, so that deactivation is effective at once.
CREATE FUNCTION account_standing(account_id uuid, session_family uuid) RETURNS TABLE (is_active boolean, is_admin boolean, is_session_open boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    RETURN QUERY SELECT u.is_active, u.is_admin, EXISTS (
        SELECT FROM public.refresh_tokens t
        WHERE t.user_id = account_id AND t.family_id = session_family AND t.revoked_at IS NULL AND t.expires_at > now())
    FROM public.users u WHERE u.id = account_id;
    PERFORM set_config('app.authenticating', '', true);
END $$;
REVOKE ALL ON FUNCTION account_standing(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_standing(uuid, uuid) TO bunko_app;

-- Takes a one-time token of a purpose; the user it was made for, or no row. A set-up token works only while no administrator can log in.
CREATE FUNCTION consume_account_token(token_sha256 bytea, wanted_purpose text) RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    owner_id uuid;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    UPDATE public.account_tokens t SET used_at = now()
    WHERE t.secret_sha256 = token_sha256 AND t.purpose = wanted_purpose AND t.used_at IS NULL AND t.expires_at > now()
        AND EXISTS (SELECT FROM public.users u WHERE u.id = t.user_id AND u.is_active)
    RETURNING t.user_id INTO owner_id;
    IF owner_id IS NOT NULL AND wanted_purpose = 'verify_email' THEN
        UPDATE public.users SET is_verified = true WHERE id = owner_id;
    END IF;
    PERFORM set_config('app.authenticating', '', true);
    RETURN owner_id;
END $$;
REVOKE ALL ON FUNCTION consume_account_token(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION consume_account_token(bytea, text) TO bunko_app;

INSERT INTO system_settings (key, value, description) VALUES
    ('registration_open', 'false', 'Whether anybody may register; else administrators make accounts');
