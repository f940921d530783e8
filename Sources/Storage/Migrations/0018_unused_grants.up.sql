-- What no statement of the product does, no role may do.

-- Tokens of sessions and one-time links are looked at by the owner's functions, and changed by the service.
REVOKE INSERT ON refresh_tokens, account_tokens FROM authenticated;
REVOKE SELECT (id, user_id, family_id, expires_at, used_at, revoked_at, created_at), UPDATE (revoked_at) ON refresh_tokens FROM authenticated;
REVOKE SELECT (id, user_id, purpose, expires_at, used_at, created_at) ON account_tokens FROM authenticated;
REVOKE INSERT ON refresh_tokens FROM bunko_worker;
REVOKE UPDATE ON account_tokens FROM bunko_worker;
-- Accounts are changed by the service and deleted by delete_account().
REVOKE UPDATE (first_name, last_name) ON users FROM authenticated;
REVOKE DELETE ON users FROM bunko_worker;
-- Usage is written by the service and goes with its user.
REVOKE INSERT ON api_usage FROM authenticated;
REVOKE DELETE ON api_usage FROM bunko_worker;
-- Kept answers are cleared away by the service; preferences are changed only; settings are there from the start.
REVOKE DELETE ON idempotency_keys, user_preferences FROM authenticated;
REVOKE INSERT, DELETE ON system_settings FROM bunko_worker;
-- What is archived is moved and never changed.
REVOKE UPDATE ON messages, messages_archive, conversations_archive FROM bunko_worker;
