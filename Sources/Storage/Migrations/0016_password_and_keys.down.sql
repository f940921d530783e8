DROP FUNCTION reset_password(bytea, text, boolean);
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
        WHERE u.id = owner_id AND a.name_folded IN (u.email_folded, u.username_folded, ' ' || u.id);
    END IF;
    PERFORM set_config('app.authenticating', '', true);
    RETURN owner_id;
END $$;
REVOKE ALL ON FUNCTION reset_password(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reset_password(bytea, text) TO bunko_app;
DROP FUNCTION settle_api_keys(uuid, boolean);
