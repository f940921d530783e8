-- Users, settings, and the functions every later table leans on.

CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS vector;

-- The user row-level security lets through; NULL (and so nothing) outside a scoped transaction.
-- After a transaction the setting reads '' and not NULL.
CREATE FUNCTION current_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT NULLIF(current_setting('app.user_id', true), '')::uuid $$;

CREATE FUNCTION touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;

-- bcrypt reads 72 bytes and ignores the rest, so a longer password is refused.
CREATE FUNCTION hash_password(password text) RETURNS text
    LANGUAGE plpgsql VOLATILE STRICT
    AS $$
BEGIN
    IF octet_length(password) > 72 THEN
        RAISE EXCEPTION 'a password may be 72 bytes long at most' USING ERRCODE = 'string_data_right_truncation';
    END IF;
    RETURN crypt(password, gen_salt('bf', 12));
END $$;

CREATE FUNCTION verify_password(password text, hash text) RETURNS boolean
    LANGUAGE sql VOLATILE STRICT
    AS $$ SELECT octet_length(password) <= 72 AND hash = crypt(password, hash) $$;

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    username varchar(50) NOT NULL UNIQUE CHECK (username <> ''),
    email varchar(255) NOT NULL,
    -- Kept in a column of its own: lower() is not leakproof, so an index on it is of no use under row-level security.
    email_folded varchar(255) NOT NULL GENERATED ALWAYS AS (lower(email)) STORED UNIQUE,
    password_hash varchar(255) NOT NULL,
    first_name varchar(100),
    last_name varchar(100),
    is_active boolean NOT NULL DEFAULT true,
    is_verified boolean NOT NULL DEFAULT false,
    is_admin boolean NOT NULL DEFAULT false,
    last_login_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_users_username ON users (username);
CREATE INDEX idx_users_email ON users (email);
CREATE INDEX idx_users_is_active ON users (is_active);
CREATE INDEX idx_users_created_at ON users (created_at);
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- '!' is no bcrypt hash: these two can never log in with a password.
INSERT INTO users (id, username, email, password_hash, is_verified, is_admin) VALUES
    ('00000000-0000-0000-0000-000000000001', 'system', 'system@bunko.invalid', '!', true, false),
    ('00000000-0000-0000-0000-000000000002', 'local', 'local@bunko.invalid', '!', true, true);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY users_own ON users FOR SELECT TO authenticated USING (id = current_user_id());
CREATE POLICY users_own_update ON users FOR UPDATE TO authenticated USING (id = current_user_id()) WITH CHECK (id = current_user_id());
CREATE POLICY users_worker ON users FOR ALL TO bunko_worker USING (true) WITH CHECK (true);
GRANT SELECT ON users TO authenticated;
GRANT UPDATE (first_name, last_name) ON users TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO bunko_worker;

CREATE TABLE system_settings (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    key varchar(255) NOT NULL UNIQUE,
    value jsonb NOT NULL,
    description text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idx_system_settings_key ON system_settings (key);
CREATE TRIGGER system_settings_touch BEFORE UPDATE ON system_settings FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

INSERT INTO system_settings (key, value, description) VALUES
    ('app_version', '"0.1.0"', 'Version of the application'),
    ('max_file_size', '10485760', 'Largest file that is accepted, in bytes'),
    ('supported_file_types', '["txt", "md"]', 'File types that have an extractor'),
    ('default_llm_model', '"gemini-pro"', 'Model named in a context when the assistant names none');

-- Settings belong to the installation and not to a user: everybody reads them, only the service writes them.
GRANT SELECT ON system_settings TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON system_settings TO bunko_worker;
