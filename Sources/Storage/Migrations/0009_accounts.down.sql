DELETE FROM system_settings WHERE key = 'registration_open';
DROP FUNCTION consume_account_token(bytea, text);
DROP FUNCTION account_standing(uuid, uuid);
DROP FUNCTION rotate_refresh_token(bytea, bytea, interval);
DROP FUNCTION authenticate_password(text, text);
DROP FUNCTION login_delay(integer);
DROP POLICY users_account ON users;
DROP TABLE account_tokens;
DROP TABLE refresh_tokens;
DROP TABLE login_attempts;
REVOKE SELECT (id, username, email, email_folded, first_name, last_name, is_active, is_verified, is_admin, last_login_at, created_at, updated_at)
    ON users FROM authenticated;
GRANT SELECT ON users TO authenticated;
