-- A new password ends sessions by itself. Keys were made on purpose and stand in programs, so they go on unless whoever sets the password
-- asks for their end, and the answer tells how many are left.

-- Revokes the account's keys if told to. How many were revoked, and how many open something from now on.
CREATE FUNCTION settle_api_keys(account_id uuid, revoke_them boolean) RETURNS TABLE (revoked_keys integer, valid_keys integer)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$
DECLARE
    before text := coalesce(current_setting('app.authenticating', true), '');
    revoked integer := 0;
    valid integer;
BEGIN
    PERFORM set_config('app.authenticating', 'key', true);
    IF revoke_them THEN
        UPDATE public.api_keys k SET revoked_at = now()
        WHERE k.user_id = account_id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
        GET DIAGNOSTICS revoked = ROW_COUNT;
    END IF;
    SELECT count(*) INTO valid FROM public.api_keys k
    WHERE k.user_id = account_id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
    PERFORM set_config('app.authenticating', before, true);
    RETURN QUERY SELECT revoked, valid;
END $$;
REVOKE ALL ON FUNCTION settle_api_keys(uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_api_keys(uuid, boolean) TO bunko_worker;

-- Sets a password anew, ends the user's sessions and the waiting that failed log-ins earned, and their keys if told to; no row for a token
-- that is no good.
DROP FUNCTION reset_password(bytea, text);
CREATE FUNCTION reset_password(token_sha256 bytea, new_password text, revoke_keys boolean)
    RETURNS TABLE (reset_user_id uuid, revoked_keys integer, valid_keys integer)
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
        WHERE u.id = owner_id AND a.name_folded IN (u.email_folded, u.username_folded, ' ' || u.id);
    END IF;
    PERFORM set_config('app.authenticating', '', true);
    IF owner_id IS NOT NULL THEN
        RETURN QUERY SELECT owner_id, s.revoked_keys, s.valid_keys FROM public.settle_api_keys(owner_id, revoke_keys) s;
    END IF;
END $$;
REVOKE ALL ON FUNCTION reset_password(bytea, text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reset_password(bytea, text, boolean) TO bunko_app;
