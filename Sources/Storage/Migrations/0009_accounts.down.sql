DELETE FROM system_settings WHERE key = 'registration_open';
DROP FUNCTION delete_account(uuid);
DO $$
DECLARE
    policy record;
BEGIN
    FOR policy IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' AND policyname = tablename || '_receipt' LOOP
        EXECUTE format('DROP POLICY %I ON %I', policy.policyname, policy.tablename);
    END LOOP;
END $$;
DROP FUNCTION set_up_administrator(bytea, text, text, text);
DROP FUNCTION reset_password(bytea, text);
DROP FUNCTION verify_email(bytea);
DROP FUNCTION consume_account_token(bytea, text);
DROP FUNCTION register_account(text, text, text, text, text, bytea, interval);
DROP FUNCTION account_standing(uuid, uuid);
DROP FUNCTION rotate_refresh_token(bytea, bytea, interval);
DROP FUNCTION authenticate_password(text, text, uuid, bytea, interval);
DROP FUNCTION login_delay(integer);
DROP POLICY users_account ON users;
DROP TABLE account_tokens;
DROP TABLE refresh_tokens;
DROP TABLE login_attempts;
DROP TRIGGER users_keep_usable ON users;
DROP FUNCTION keep_accounts_usable();
DROP FUNCTION administrator_exists(uuid);
REVOKE SELECT (id, username, username_folded, email, email_folded, first_name, last_name, is_active, is_verified, is_admin, last_login_at,
    created_at, updated_at) ON users FROM authenticated;
GRANT SELECT ON users TO authenticated;
ALTER TABLE users DROP username_folded;
