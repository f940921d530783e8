-- Logging in: what is needed before a principal exists is reached through named functions of the owner alone.

-- User names are unique without regard to case, like e-mail addresses; a column of its own for the same reason.
ALTER TABLE users ADD username_folded varchar(50) NOT NULL GENERATED ALWAYS AS (lower(username)) STORED UNIQUE;

-- Everything but the hash of the password, which only the functions below compare.
REVOKE SELECT ON users FROM authenticated;
GRANT SELECT (id, username, username_folded, email, email_folded, first_name, last_name, is_active, is_verified, is_admin, last_login_at,
    created_at, updated_at) ON users TO authenticated;

-- Whether somebody can log in and administer the installation.
CREATE FUNCTION administrator_exists(other_than uuid DEFAULT NULL) RETURNS boolean
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, public, pg_temp
    AS $$
    SELECT EXISTS (
        SELECT FROM public.users u
        WHERE u.is_admin AND u.is_active AND u.password_hash LIKE '$2_$12$%' AND u.id IS DISTINCT FROM other_than)
$$;

-- The two built-in users stay as they are, and the last administrator who can log in stays one. One such change at a time, so that
-- two administrators cannot remove each other.
CREATE FUNCTION keep_accounts_usable() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    is_removal boolean := TG_OP = 'DELETE';
BEGIN
    IF OLD.id IN ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002') THEN
        IF is_removal OR (NEW.is_active, NEW.is_admin, NEW.password_hash) <> (OLD.is_active, OLD.is_admin, OLD.password_hash) THEN
            RAISE EXCEPTION 'the user % is built in', OLD.username
                USING ERRCODE = 'check_violation', CONSTRAINT = 'users_built_in', TABLE = 'users';
        END IF;
    ELSIF OLD.is_admin AND OLD.is_active AND OLD.password_hash LIKE '$2_$12$%' THEN
        IF NOT is_removal THEN
            is_removal := NOT (NEW.is_admin AND NEW.is_active AND NEW.password_hash LIKE '$2_$12$%');
        END IF;
        IF is_removal THEN
            PERFORM pg_advisory_xact_lock(hashtext('bunko.administrators'));
            IF NOT administrator_exists(other_than => OLD.id) THEN
                RAISE EXCEPTION 'the user % is the last administrator', OLD.username
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'users_last_administrator', TABLE = 'users';
            END IF;
        END IF;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER users_keep_usable BEFORE UPDATE OF is_active, is_admin, password_hash OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION keep_accounts_usable();

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

-- Checks a password for a user name or an e-mail address and, when a family is given, opens a session. One bcrypt comparison whatever
-- happens: an unknown or locked name, one without a password, and a password bcrypt would cut off are compared with a fixed hash of
-- the same cost (of a random password nobody knows).
-- outcome: 'ok', 'refused', or 'locked' with the seconds to wait.
CREATE FUNCTION authenticate_password(
    login_name text, password text, session_family uuid DEFAULT NULL, refresh_sha256 bytea DEFAULT NULL, refresh_lifetime interval DEFAULT NULL
)
    RETURNS TABLE (outcome text, found_user_id uuid, retry_after_seconds integer)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    folded varchar(255) := left(lower(coalesce(login_name, '')), 255);
    found_user public.users%ROWTYPE;
    attempt public.login_attempts%ROWTYPE;
    comparable boolean;
    matches boolean;
    wait interval;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    -- One attempt at a time for each name, so that many at once cannot pass the lock together. Again when the row was cleared away
    -- between the two statements.
    LOOP
        INSERT INTO public.login_attempts (name_folded) VALUES (folded) ON CONFLICT DO NOTHING;
        SELECT a.* INTO attempt FROM public.login_attempts a WHERE a.name_folded = folded FOR UPDATE;
        EXIT WHEN FOUND;
    END LOOP;
    -- An address holds an @ and a user name none, so at most one of the two finds somebody.
    SELECT u.* INTO found_user FROM public.users u WHERE u.email_folded = folded OR u.username_folded = folded
    ORDER BY u.email_folded = folded DESC LIMIT 1;
    comparable := coalesce(found_user.password_hash LIKE '$2_$12$%' AND octet_length(password) BETWEEN 1 AND 72, false);
    matches := public.verify_password(
        CASE WHEN comparable THEN password ELSE 'nobody' END,
        CASE WHEN comparable THEN found_user.password_hash ELSE '$2a$12$gn0SUq9hy2IShCNGOP1XQ.Lwxfw7oxPRKfOQX2KS/NCfOdmp72xZm' END) AND comparable;
    IF attempt.locked_until > clock_timestamp() THEN
        wait := attempt.locked_until - clock_timestamp();
        PERFORM set_config('app.authenticating', '', true);
        RETURN QUERY SELECT 'locked'::text, NULL::uuid, greatest(ceil(extract(epoch FROM wait)), 1)::integer;
        RETURN;
    END IF;
    IF matches AND found_user.is_active THEN
        -- The account may have changed while the hash was computed. From here its row is locked, as by whoever ends its sessions.
        UPDATE public.users u SET last_login_at = CASE WHEN session_family IS NULL THEN u.last_login_at ELSE now() END
        WHERE u.id = found_user.id AND u.is_active AND u.password_hash = found_user.password_hash;
        IF FOUND THEN
            IF session_family IS NOT NULL THEN
                INSERT INTO public.refresh_tokens (user_id, family_id, secret_sha256, expires_at)
                VALUES (found_user.id, session_family, refresh_sha256, now() + refresh_lifetime);
            END IF;
            UPDATE public.login_attempts SET failures = 0, locked_until = NULL WHERE name_folded = folded;
            PERFORM set_config('app.authenticating', '', true);
            RETURN QUERY SELECT 'ok'::text, found_user.id, 0;
            RETURN;
        END IF;
    END IF;
    wait := public.login_delay(attempt.failures + 1);
    UPDATE public.login_attempts SET failures = failures + 1, last_failure_at = clock_timestamp(),
        locked_until = CASE WHEN wait > interval '0' THEN clock_timestamp() + wait END
    WHERE name_folded = folded;
    PERFORM set_config('app.authenticating', '', true);
    RETURN QUERY SELECT 'refused'::text, NULL::uuid, extract(epoch FROM wait)::integer;
END $$;
REVOKE ALL ON FUNCTION authenticate_password(text, text, uuid, bytea, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate_password(text, text, uuid, bytea, interval) TO bunko_app;

-- Exchanges a refresh token for its successor. outcome: 'ok', 'refused' (unknown, expired, revoked, or its user is not active), or
-- 'reused': then the whole family is revoked.
CREATE FUNCTION rotate_refresh_token(old_sha256 bytea, new_sha256 bytea, lifetime interval)
    RETURNS TABLE (outcome text, found_user_id uuid, found_family_id uuid)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    token public.refresh_tokens%ROWTYPE;
    user_is_active boolean;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    -- The user's row is locked by all who open, go on with or end a session, so that none is missed by an end; then the token is read.
    SELECT u.is_active INTO user_is_active FROM public.users u
    WHERE u.id = (SELECT t.user_id FROM public.refresh_tokens t WHERE t.secret_sha256 = old_sha256) FOR NO KEY UPDATE;
    SELECT t.* INTO token FROM public.refresh_tokens t WHERE t.secret_sha256 = old_sha256;
    IF user_is_active IS NOT TRUE OR token.id IS NULL OR token.revoked_at IS NOT NULL OR token.expires_at <= now() THEN
        PERFORM set_config('app.authenticating', '', true);
        RETURN QUERY SELECT 'refused'::text, NULL::uuid, NULL::uuid;
        RETURN;
    END IF;
    IF token.used_at IS NOT NULL THEN
        UPDATE public.refresh_tokens SET revoked_at = now()
        WHERE user_id = token.user_id AND family_id = token.family_id AND revoked_at IS NULL;
        PERFORM set_config('app.authenticating', '', true);
        RETURN QUERY SELECT 'reused'::text, token.user_id, token.family_id;
        RETURN;
    END IF;
    UPDATE public.refresh_tokens SET used_at = now() WHERE user_id = token.user_id AND id = token.id;
    INSERT INTO public.refresh_tokens (user_id, family_id, secret_sha256, expires_at)
    VALUES (token.user_id, token.family_id, new_sha256, now() + lifetime);
    PERFORM set_config('app.authenticating', '', true);
    RETURN QUERY SELECT 'ok'::text, token.user_id, token.family_id;
END $$;
REVOKE ALL ON FUNCTION rotate_refresh_token(bytea, bytea, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rotate_refresh_token(bytea, bytea, interval) TO bunko_app;

-- Whether the user behind an access token may still act: asked with each request, so that deactivation is effective at once.
CREATE FUNCTION account_standing(account_id uuid, session_family uuid) RETURNS TABLE (is_active boolean, is_session_open boolean)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    RETURN QUERY SELECT u.is_active, EXISTS (
        SELECT FROM public.refresh_tokens t
        WHERE t.user_id = account_id AND t.family_id = session_family AND t.revoked_at IS NULL AND t.expires_at > now())
    FROM public.users u WHERE u.id = account_id;
    PERFORM set_config('app.authenticating', '', true);
END $$;
REVOKE ALL ON FUNCTION account_standing(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_standing(uuid, uuid) TO bunko_app;

-- Makes an account for whoever asks, while registration is open; NULL when it is not.
CREATE FUNCTION register_account(
    new_username text, new_email text, password text, new_first_name text, new_last_name text, verification_sha256 bytea,
    verification_lifetime interval
) RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    made_id uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM public.system_settings s WHERE s.key = 'registration_open' AND s.value = 'true') THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('app.authenticating', 'account', true);
    INSERT INTO public.users (username, email, password_hash, first_name, last_name)
    VALUES (new_username, new_email, public.hash_password(password), new_first_name, new_last_name) RETURNING id INTO made_id;
    INSERT INTO public.account_tokens (user_id, purpose, secret_sha256, expires_at)
    VALUES (made_id, 'verify_email', verification_sha256, now() + verification_lifetime);
    PERFORM set_config('app.authenticating', '', true);
    RETURN made_id;
END $$;
REVOKE ALL ON FUNCTION register_account(text, text, text, text, text, bytea, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION register_account(text, text, text, text, text, bytea, interval) TO bunko_app;

-- Takes a one-time token of a purpose; the user it was made for, or NULL. Called by the functions below alone.
CREATE FUNCTION consume_account_token(token_sha256 bytea, wanted_purpose text) RETURNS uuid
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, public, pg_temp
    AS $$
    UPDATE public.account_tokens t SET used_at = now()
    WHERE t.secret_sha256 = token_sha256 AND t.purpose = wanted_purpose AND t.used_at IS NULL AND t.expires_at > now()
        AND EXISTS (SELECT FROM public.users u WHERE u.id = t.user_id AND u.is_active)
    RETURNING t.user_id
$$;
REVOKE ALL ON FUNCTION consume_account_token(bytea, text) FROM PUBLIC;

-- Whose e-mail address is verified with this token; NULL for a token that is unknown, used or expired.
CREATE FUNCTION verify_email(token_sha256 bytea) RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    owner_id uuid;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    owner_id := public.consume_account_token(token_sha256, 'verify_email');
    UPDATE public.users SET is_verified = true WHERE id = owner_id;
    PERFORM set_config('app.authenticating', '', true);
    RETURN owner_id;
END $$;
REVOKE ALL ON FUNCTION verify_email(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION verify_email(bytea) TO bunko_app;

-- Sets a password anew, ends the user's sessions and the waiting that failed log-ins earned; NULL for a token that is no good.
CREATE FUNCTION reset_password(token_sha256 bytea, new_password text) RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    owner_id uuid;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    owner_id := public.consume_account_token(token_sha256, 'reset_password');
    IF owner_id IS NOT NULL THEN
        UPDATE public.users SET password_hash = public.hash_password(new_password) WHERE id = owner_id;
        UPDATE public.refresh_tokens SET revoked_at = now() WHERE user_id = owner_id AND revoked_at IS NULL;
        UPDATE public.account_tokens SET used_at = now() WHERE user_id = owner_id AND purpose = 'reset_password' AND used_at IS NULL;
        DELETE FROM public.login_attempts a USING public.users u
        WHERE u.id = owner_id AND a.name_folded IN (u.email_folded, u.username_folded);
    END IF;
    PERFORM set_config('app.authenticating', '', true);
    RETURN owner_id;
END $$;
REVOKE ALL ON FUNCTION reset_password(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reset_password(bytea, text) TO bunko_app;

-- Makes the first administrator; NULL for a token that is no good, or when there is an administrator by now.
CREATE FUNCTION set_up_administrator(token_sha256 bytea, new_username text, new_email text, password text) RETURNS uuid
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    made_id uuid;
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    PERFORM pg_advisory_xact_lock(hashtext('bunko.administrators'));
    IF NOT public.administrator_exists() AND public.consume_account_token(token_sha256, 'setup') IS NOT NULL THEN
        INSERT INTO public.users (username, email, password_hash, is_admin, is_verified)
        VALUES (new_username, new_email, public.hash_password(password), true, true) RETURNING id INTO made_id;
    END IF;
    PERFORM set_config('app.authenticating', '', true);
    RETURN made_id;
END $$;
REVOKE ALL ON FUNCTION set_up_administrator(bytea, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_up_administrator(bytea, text, text, text) TO bunko_app;

-- The owner counts what an account holds while delete_account() runs, and at no other time.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relrowsecurity
    LOOP
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR SELECT TO CURRENT_USER USING (user_id = NULLIF(current_setting(''app.deleting_account'', true), '''')::uuid)',
            name || '_receipt', name);
    END LOOP;
END $$;

-- Deletes an account with everything of its own and says how many rows of each table went with it; no row when there is no such
-- account. The bytes of its files are released by their count of references, its passages leave the index by the outbox.
CREATE FUNCTION delete_account(account_id uuid) RETURNS TABLE (table_name text, row_count bigint)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    counted record;
    held bigint;
    names text[] := '{}';
    counts bigint[] := '{}';
BEGIN
    PERFORM set_config('app.authenticating', 'account', true);
    PERFORM set_config('app.deleting_account', account_id::text, true);
    -- No count of a conversation needs to follow its messages any more.
    PERFORM set_config('app.moving_messages', 'on', true);
    -- Against this lock no row that refers to the account can come.
    PERFORM FROM public.users u WHERE u.id = account_id FOR UPDATE;
    IF FOUND THEN
        FOR counted IN
            SELECT c.oid::regclass AS relation, c.relname::text AS name
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id'
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
        LOOP
            EXECUTE format('SELECT count(*) FROM %s WHERE user_id = $1', counted.relation) INTO held USING account_id;
            names := names || counted.name;
            counts := counts || held;
        END LOOP;
        DELETE FROM public.users u WHERE u.id = account_id;
        names := names || 'users'::text;
        counts := counts || 1::bigint;
    END IF;
    PERFORM set_config('app.authenticating', '', true);
    PERFORM set_config('app.deleting_account', '', true);
    PERFORM set_config('app.moving_messages', '', true);
    RETURN QUERY SELECT * FROM unnest(names, counts);
END $$;
REVOKE ALL ON FUNCTION delete_account(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION delete_account(uuid) TO bunko_worker;

INSERT INTO system_settings (key, value, description) VALUES
    ('registration_open', 'false', 'Whether anybody may register; else administrators make accounts');
