DELETE FROM login_attempts WHERE name_folded LIKE ' %';
CREATE OR REPLACE FUNCTION authenticate_password(
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
CREATE OR REPLACE FUNCTION reset_password(token_sha256 bytea, new_password text) RETURNS uuid
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
