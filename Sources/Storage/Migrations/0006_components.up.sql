-- What assistants are put together from: voices, avatars, skills, and personas with their versions.

CREATE TABLE voices (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL CHECK (name <> ''),
    provider varchar(50),
    voice_id varchar(100),
    language varchar(10),
    gender varchar(20),
    age_group varchar(20),
    description text,
    sample_url varchar(500),
    settings jsonb,
    is_active boolean NOT NULL DEFAULT true,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE INDEX idx_voices_user_id ON voices (user_id);
CREATE INDEX idx_voices_provider ON voices (provider);
CREATE INDEX idx_voices_language ON voices (language);
CREATE INDEX idx_voices_is_active ON voices (is_active);
CREATE INDEX idx_voices_user_created ON voices (user_id, created_at DESC, id DESC);
CREATE INDEX idx_voices_public ON voices (created_at DESC, id DESC) WHERE is_public;
CREATE TRIGGER voices_touch BEFORE UPDATE ON voices FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE avatars (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name varchar(100) NOT NULL CHECK (name <> ''),
    avatar_type varchar(50),
    image_url varchar(500),
    animated_url varchar(500),
    style varchar(50),
    gender varchar(20),
    age_appearance varchar(20),
    tags text[] NOT NULL DEFAULT '{}',
    metadata jsonb,
    is_active boolean NOT NULL DEFAULT true,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE INDEX idx_avatars_user_id ON avatars (user_id);
CREATE INDEX idx_avatars_avatar_type ON avatars (avatar_type);
CREATE INDEX idx_avatars_style ON avatars (style);
CREATE INDEX idx_avatars_is_active ON avatars (is_active);
CREATE INDEX idx_avatars_tags ON avatars USING gin (tags);
CREATE INDEX idx_avatars_user_created ON avatars (user_id, created_at DESC, id DESC);
CREATE INDEX idx_avatars_public ON avatars (created_at DESC, id DESC) WHERE is_public;
CREATE TRIGGER avatars_touch BEFORE UPDATE ON avatars FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

CREATE TABLE skill_definitions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    skill_code varchar(10) NOT NULL CHECK (skill_code <> ''),
    name varchar(100) NOT NULL CHECK (name <> ''),
    description text NOT NULL,
    skill_type varchar(50) NOT NULL,
    configuration jsonb NOT NULL CHECK (jsonb_typeof(configuration) = 'object'),
    is_public boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id),
    UNIQUE (user_id, skill_code)
);
CREATE INDEX idx_skill_definitions_user_id ON skill_definitions (user_id);
CREATE INDEX idx_skill_definitions_skill_code ON skill_definitions (skill_code);
CREATE INDEX idx_skill_definitions_skill_type ON skill_definitions (skill_type);
CREATE INDEX idx_skill_definitions_is_active ON skill_definitions (is_active);
CREATE INDEX idx_skill_definitions_user_created ON skill_definitions (user_id, created_at DESC, id DESC);
CREATE INDEX idx_skill_definitions_public ON skill_definitions (created_at DESC, id DESC) WHERE is_public;
CREATE TRIGGER skill_definitions_touch BEFORE UPDATE ON skill_definitions FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Voices, avatars and skills may belong to the system user or be another user's public ones: plain foreign keys, and the statement
-- that sets one looks the row up under row-level security first.
ALTER TABLE assistants ADD FOREIGN KEY (voice_id) REFERENCES voices (id) ON DELETE SET NULL;
ALTER TABLE assistants ADD FOREIGN KEY (avatar_id) REFERENCES avatars (id) ON DELETE SET NULL;
CREATE INDEX idx_assistants_user_created ON assistants (user_id, created_at DESC, id DESC);
CREATE INDEX idx_assistants_public ON assistants (created_at DESC, id DESC) WHERE is_public;
-- For the SET NULL of the references above, which would read the whole table otherwise.
CREATE INDEX idx_assistants_personality_template ON assistants (personality_template_id);
CREATE INDEX idx_assistants_voice ON assistants (voice_id);
CREATE INDEX idx_assistants_avatar ON assistants (avatar_id);

CREATE TABLE assistant_skills (
    user_id uuid NOT NULL,
    assistant_id uuid NOT NULL,
    skill_definition_id uuid NOT NULL REFERENCES skill_definitions (id) ON DELETE CASCADE,
    is_enabled boolean NOT NULL DEFAULT true,
    priority integer NOT NULL DEFAULT 1,
    custom_settings jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, assistant_id, skill_definition_id),
    FOREIGN KEY (user_id, assistant_id) REFERENCES assistants (user_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_assistant_skills_assistant_id ON assistant_skills (assistant_id);
CREATE INDEX idx_assistant_skills_skill_definition_id ON assistant_skills (skill_definition_id);
CREATE INDEX idx_assistant_skills_is_enabled ON assistant_skills (is_enabled);
CREATE INDEX idx_assistant_skills_priority ON assistant_skills (priority);
CREATE TRIGGER assistant_skills_touch BEFORE UPDATE ON assistant_skills FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Every prompt a template has had, and drafts of those it may get.
ALTER TABLE personality_templates ADD avatar_model varchar(100);
ALTER TABLE personality_templates ADD published_version integer NOT NULL DEFAULT 1 CHECK (published_version > 0);
CREATE INDEX idx_personality_templates_user_created ON personality_templates (user_id, created_at DESC, id DESC);
CREATE INDEX idx_personality_templates_public ON personality_templates (created_at DESC, id DESC) WHERE is_public;

CREATE TABLE personality_template_versions (
    user_id uuid NOT NULL,
    template_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    system_prompt text,
    parameters jsonb,
    is_draft boolean NOT NULL DEFAULT false,
    -- The template's own flag, so that the policy needs no sub-query.
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    PRIMARY KEY (user_id, template_id, version),
    FOREIGN KEY (user_id, template_id) REFERENCES personality_templates (user_id, id) ON DELETE CASCADE,
    CHECK (is_draft = (published_at IS NULL))
);
CREATE INDEX idx_personality_template_versions_template ON personality_template_versions (template_id, version DESC);

-- Row-level security binds the owner, too; the copy takes every user's templates.
ALTER TABLE personality_templates NO FORCE ROW LEVEL SECURITY;
INSERT INTO personality_template_versions (user_id, template_id, version, system_prompt, parameters, is_public, published_at)
SELECT user_id, id, 1, system_prompt, parameters, is_public, now() FROM personality_templates;
ALTER TABLE personality_templates FORCE ROW LEVEL SECURITY;

-- A change of prompt or parameters becomes the next version, unless it takes up one that exists: then published_version names it,
-- and the content is that version's, whatever the statement says.
CREATE FUNCTION number_template_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    chosen personality_template_versions%ROWTYPE;
BEGIN
    IF NEW.published_version <> OLD.published_version THEN
        SELECT v.* INTO chosen FROM personality_template_versions v
        WHERE v.user_id = NEW.user_id AND v.template_id = NEW.id AND v.version = NEW.published_version;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the template has no version %', NEW.published_version USING ERRCODE = 'foreign_key_violation';
        END IF;
        NEW.system_prompt := chosen.system_prompt;
        NEW.parameters := chosen.parameters;
    ELSIF (NEW.system_prompt, NEW.parameters) IS DISTINCT FROM (OLD.system_prompt, OLD.parameters) THEN
        SELECT coalesce(max(v.version), 0) + 1 INTO NEW.published_version FROM personality_template_versions v
        WHERE v.user_id = NEW.user_id AND v.template_id = NEW.id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER personality_templates_number BEFORE UPDATE ON personality_templates
    FOR EACH ROW EXECUTE FUNCTION number_template_version();

CREATE FUNCTION record_template_version() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO personality_template_versions AS v (user_id, template_id, version, system_prompt, parameters, is_public, published_at)
    VALUES (NEW.user_id, NEW.id, NEW.published_version, NEW.system_prompt, NEW.parameters, NEW.is_public, now())
    ON CONFLICT (user_id, template_id, version) DO UPDATE SET is_draft = false, published_at = now() WHERE v.is_draft;
    IF TG_OP = 'UPDATE' AND NEW.is_public <> OLD.is_public THEN
        UPDATE personality_template_versions SET is_public = NEW.is_public WHERE user_id = NEW.user_id AND template_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER personality_templates_record AFTER INSERT OR UPDATE OF system_prompt, parameters, published_version, is_public
    ON personality_templates FOR EACH ROW EXECUTE FUNCTION record_template_version();

-- A published version is what conversations were held with: only drafts change or go (the template takes its versions with it).
CREATE FUNCTION keep_published_versions() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT OLD.is_draft AND pg_trigger_depth() = 1 THEN
        RAISE EXCEPTION 'version % is published and stays as it is', OLD.version USING ERRCODE = 'check_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER personality_template_versions_keep BEFORE UPDATE OR DELETE ON personality_template_versions
    FOR EACH ROW EXECUTE FUNCTION keep_published_versions();

-- The avatar platform's table: the built-in personas under their slugs. An administrator writes it acting for the system user.
CREATE VIEW chatbot_personas WITH (security_invoker = true) AS
    SELECT slug AS id, name, description, system_prompt, avatar_model, is_active, created_at, updated_at
    FROM personality_templates WHERE slug IS NOT NULL;
GRANT SELECT, UPDATE ON chatbot_personas TO authenticated;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['voices', 'avatars', 'skill_definitions', 'assistant_skills', 'personality_template_versions'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR ALL TO authenticated USING (user_id = current_user_id()) WITH CHECK (user_id = current_user_id())',
            name || '_own', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO authenticated', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['voices', 'avatars', 'skill_definitions'] LOOP
        EXECUTE format(
            'CREATE POLICY %I ON %I FOR SELECT TO authenticated USING (current_user_id() IS NOT NULL AND (is_public OR user_id = %L))',
            name || '_public', name, '00000000-0000-0000-0000-000000000001');
    END LOOP;
END $$;
-- A public template's versions, but never what its owner is still writing.
CREATE POLICY personality_template_versions_public ON personality_template_versions FOR SELECT TO authenticated
    USING (current_user_id() IS NOT NULL AND NOT is_draft AND (is_public OR user_id = '00000000-0000-0000-0000-000000000001'));
