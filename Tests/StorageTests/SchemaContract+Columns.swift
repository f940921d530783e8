extension SchemaContract {
    /// Columns: type, null, default.
    static let columns = #"""
        decision | account_tokens.created_at | timestamp with time zone not null default now()
        decision | account_tokens.expires_at | timestamp with time zone not null
        decision | account_tokens.id | uuid not null default gen_random_uuid()
        decision | account_tokens.purpose | character varying(20) not null
        decision | account_tokens.secret_sha256 | bytea not null
        decision | account_tokens.used_at | timestamp with time zone
        decision | account_tokens.user_id | uuid not null
        decision | api_keys.assistant_ids | uuid[]
        decision | api_keys.created_at | timestamp with time zone not null default now()
        decision | api_keys.expires_at | timestamp with time zone
        decision | api_keys.id | uuid not null default gen_random_uuid()
        decision | api_keys.last_used_at | timestamp with time zone
        decision | api_keys.name | character varying(100) not null
        decision | api_keys.prefix | character varying(16) not null
        decision | api_keys.revoked_at | timestamp with time zone
        decision | api_keys.scopes | text[] not null
        decision | api_keys.secret_sha256 | bytea not null
        decision | api_keys.user_id | uuid not null
        secretary | api_usage.api_name | character varying(100) not null
        secretary | api_usage.cost | numeric(16,8)
        secretary | api_usage.created_at | timestamp with time zone not null default now()
        secretary | api_usage.error_message | text
        secretary | api_usage.id | uuid not null default gen_random_uuid()
        secretary | api_usage.metadata | jsonb
        decision | api_usage.model | character varying(100)
        secretary | api_usage.response_time_ms | integer
        secretary | api_usage.secretary_id | uuid
        secretary | api_usage.success | boolean not null default true
        secretary | api_usage.tokens_used | integer
        decision | api_usage.user_id | uuid not null
        secretary | assistant_skills.assistant_id | uuid not null
        secretary | assistant_skills.created_at | timestamp with time zone not null default now()
        secretary | assistant_skills.custom_settings | jsonb
        secretary | assistant_skills.is_enabled | boolean not null default true
        secretary | assistant_skills.priority | integer not null default 1
        secretary | assistant_skills.skill_definition_id | uuid not null
        secretary | assistant_skills.updated_at | timestamp with time zone not null default now()
        decision | assistant_skills.user_id | uuid not null
        secretary | assistants.avatar_id | uuid
        secretary | assistants.created_at | timestamp with time zone not null default now()
        secretary | assistants.custom_system_prompt | text
        secretary | assistants.default_llm_model | character varying(100) default 'gemini-pro'::character varying
        secretary | assistants.description | text
        secretary | assistants.id | uuid not null default gen_random_uuid()
        secretary | assistants.is_active | boolean not null default true
        secretary | assistants.is_public | boolean not null default false
        secretary | assistants.name | character varying(100) not null
        secretary | assistants.personality_template_id | uuid
        decision | assistants.settings | jsonb not null default '{}'::jsonb
        secretary | assistants.updated_at | timestamp with time zone not null default now()
        secretary | assistants.user_id | uuid not null
        secretary | assistants.voice_id | uuid
        secretary | avatars.age_appearance | character varying(20)
        secretary | avatars.animated_url | character varying(500)
        secretary | avatars.avatar_type | character varying(50)
        secretary | avatars.created_at | timestamp with time zone not null default now()
        secretary | avatars.gender | character varying(20)
        secretary | avatars.id | uuid not null default gen_random_uuid()
        secretary | avatars.image_url | character varying(500)
        secretary | avatars.is_active | boolean not null default true
        secretary | avatars.is_public | boolean not null default false
        secretary | avatars.metadata | jsonb
        secretary | avatars.name | character varying(100) not null
        secretary | avatars.style | character varying(50)
        secretary | avatars.tags | text[] not null default '{}'::text[]
        secretary | avatars.updated_at | timestamp with time zone not null default now()
        secretary | avatars.user_id | uuid not null
        secretary | conversations.assistant_id | uuid
        secretary | conversations.conversation_type | character varying(50)
        both | conversations.created_at | timestamp with time zone not null default now()
        secretary | conversations.ended_at | timestamp with time zone
        both | conversations.id | uuid not null default gen_random_uuid()
        avatar | conversations.message_count | integer not null default 0
        secretary | conversations.metadata | jsonb
        avatar | conversations.persona_id | character varying(50)
        decision | conversations.personality_template_id | uuid
        decision | conversations.public_assistant_id | uuid
        decision | conversations.public_assistant_name | character varying(100)
        decision | conversations.restored_at | timestamp with time zone
        secretary | conversations.started_at | timestamp with time zone not null default now()
        secretary | conversations.status | character varying(50) not null default 'active'::character varying
        decision | conversations.template_version | integer
        both | conversations.title | character varying(200)
        both | conversations.updated_at | timestamp with time zone not null default now()
        both | conversations.user_id | uuid not null
        secretary | conversations.voice_enabled | boolean not null default false
        secretary | conversations.voice_id | uuid
        decision | conversations_archive.archived_at | timestamp with time zone not null default now()
        decision | conversations_archive.assistant_id | uuid
        decision | conversations_archive.conversation_type | character varying(50)
        decision | conversations_archive.created_at | timestamp with time zone not null
        decision | conversations_archive.ended_at | timestamp with time zone
        decision | conversations_archive.id | uuid not null
        decision | conversations_archive.message_count | integer not null
        decision | conversations_archive.metadata | jsonb
        decision | conversations_archive.persona_id | character varying(50)
        decision | conversations_archive.personality_template_id | uuid
        decision | conversations_archive.public_assistant_id | uuid
        decision | conversations_archive.public_assistant_name | character varying(100)
        decision | conversations_archive.started_at | timestamp with time zone not null
        decision | conversations_archive.status | character varying(50) not null
        decision | conversations_archive.template_version | integer
        decision | conversations_archive.title | character varying(200)
        decision | conversations_archive.updated_at | timestamp with time zone not null
        decision | conversations_archive.user_id | uuid not null
        decision | conversations_archive.voice_enabled | boolean not null
        decision | conversations_archive.voice_id | uuid
        decision | embedding_cache.created_at | timestamp with time zone not null default now()
        decision | embedding_cache.embedding | vector(1536) not null
        decision | embedding_cache.model | character varying(100) not null
        decision | embedding_cache.text_sha256 | bytea not null
        decision | embedding_cache.user_id | uuid not null
        decision | file_contents.byte_count | bigint not null
        decision | file_contents.reference_count | bigint not null
        decision | file_contents.released_at | timestamp with time zone
        decision | file_contents.sha256 | bytea not null
        decision | files.archived_conversation_id | uuid
        decision | files.archived_message_id | uuid
        decision | files.assistant_id | uuid
        decision | files.chunk_count | integer not null default 0
        secretary | files.conversation_id | uuid
        secretary | files.created_at | timestamp with time zone not null default now()
        decision | files.done_xid | xid8
        decision | files.failure_code | character varying(100)
        decision | files.failure_reason | text
        secretary | files.file_name | character varying(255) not null
        secretary | files.file_size | bigint not null
        secretary | files.file_type | character varying(100)
        secretary | files.id | uuid not null default gen_random_uuid()
        secretary | files.is_processed | boolean generated as ((processing_state)::text = 'done'::text)
        decision | files.is_shared | boolean not null default false
        decision | files.message_created_at | timestamp with time zone
        secretary | files.message_id | uuid
        secretary | files.metadata | jsonb
        secretary | files.mime_type | character varying(100)
        decision | files.processing_state | character varying(20) not null default 'pending'::character varying
        decision | files.sha256 | bytea not null
        decision | files.source_path | text not null
        secretary | files.storage_path | character varying(500) not null
        decision | files.tags | text[] not null default '{}'::text[]
        secretary | files.updated_at | timestamp with time zone not null default now()
        secretary | files.user_id | uuid not null
        decision | idempotency_keys.body | bytea
        decision | idempotency_keys.created_at | timestamp with time zone not null default now()
        decision | idempotency_keys.headers | jsonb
        decision | idempotency_keys.key | character varying(255) not null
        decision | idempotency_keys.request_sha256 | bytea not null
        decision | idempotency_keys.status | integer
        decision | idempotency_keys.user_id | uuid not null
        decision | jobs.assistant_id | uuid
        decision | jobs.attempts | integer not null default 0
        decision | jobs.batch | character varying(100)
        decision | jobs.chunks_embedded | integer not null default 0
        decision | jobs.chunks_total | integer
        decision | jobs.claimed_by | bigint
        decision | jobs.created_at | timestamp with time zone not null default now()
        decision | jobs.failure_code | character varying(100)
        decision | jobs.failure_reason | text
        decision | jobs.failure_remedy | text
        decision | jobs.failure_step | character varying(20)
        decision | jobs.file_id | uuid not null
        decision | jobs.finished_at | timestamp with time zone
        decision | jobs.id | uuid not null default gen_random_uuid()
        decision | jobs.interruptions | integer not null default 0
        decision | jobs.not_before | timestamp with time zone not null default now()
        decision | jobs.started_at | timestamp with time zone
        decision | jobs.state | character varying(20) not null default 'queued'::character varying
        decision | jobs.updated_at | timestamp with time zone not null default clock_timestamp()
        decision | jobs.user_id | uuid not null
        decision | knowledge_base.char_end | integer
        decision | knowledge_base.char_start | integer
        secretary | knowledge_base.content | text not null
        decision | knowledge_base.content_sha256 | bytea
        decision | knowledge_base.context | text
        decision | knowledge_base.conversation_id | uuid
        secretary | knowledge_base.created_at | timestamp with time zone not null default now()
        secretary | knowledge_base.embedding | vector(1536)
        decision | knowledge_base.embedding_model | character varying(100)
        decision | knowledge_base.embedding_shadow | vector(1536)
        decision | knowledge_base.embedding_shadow_model | character varying(100)
        decision | knowledge_base.file_id | uuid
        decision | knowledge_base.heading_path | text[] not null default '{}'::text[]
        secretary | knowledge_base.id | uuid not null default gen_random_uuid()
        decision | knowledge_base.is_shared | boolean not null default false
        secretary | knowledge_base.metadata | jsonb
        decision | knowledge_base.ordinal | integer
        decision | knowledge_base.page_from | integer
        decision | knowledge_base.page_to | integer
        secretary | knowledge_base.secretary_id | uuid
        secretary | knowledge_base.source_type | character varying(50)
        secretary | knowledge_base.source_url | character varying(500)
        secretary | knowledge_base.tags | text[] not null default '{}'::text[]
        decision | knowledge_base.token_count | integer not null default 0
        secretary | knowledge_base.updated_at | timestamp with time zone not null default now()
        decision | knowledge_base.user_id | uuid not null
        decision | knowledge_changes.changed_at | timestamp with time zone not null default clock_timestamp()
        decision | knowledge_changes.partition_id | uuid
        decision | knowledge_changes.row_id | uuid
        decision | knowledge_changes.sequence | bigint not null identity
        decision | knowledge_changes.xid | xid8 not null default pg_current_xact_id()
        decision | login_attempts.failures | integer not null default 0
        decision | login_attempts.last_failure_at | timestamp with time zone not null default now()
        decision | login_attempts.locked_until | timestamp with time zone
        decision | login_attempts.name_folded | character varying(255) not null
        both | messages.content | text
        secretary | messages.content_type | character varying(50) not null default 'text'::character varying
        both | messages.conversation_id | uuid not null
        both | messages.created_at | timestamp with time zone not null default now()
        avatar | messages.emotion | character varying(20)
        both | messages.id | uuid not null default gen_random_uuid()
        secretary | messages.metadata | jsonb
        secretary | messages.parent_id | uuid
        both | messages.role | character varying(50) not null
        avatar | messages.tokens_used | integer
        decision | messages.user_id | uuid not null
        decision | messages_archive.archived_at | timestamp with time zone not null default now()
        decision | messages_archive.content | text
        decision | messages_archive.content_type | character varying(50) not null
        decision | messages_archive.conversation_id | uuid not null
        decision | messages_archive.created_at | timestamp with time zone not null
        decision | messages_archive.emotion | character varying(20)
        decision | messages_archive.id | uuid not null
        decision | messages_archive.metadata | jsonb
        decision | messages_archive.parent_id | uuid
        decision | messages_archive.role | character varying(50) not null
        decision | messages_archive.tokens_used | integer
        decision | messages_archive.user_id | uuid not null
        decision | mirror_replicas.host | text not null
        decision | mirror_replicas.id | uuid not null
        decision | mirror_replicas.kept_position | pg_snapshot
        decision | mirror_replicas.kept_token | uuid
        decision | mirror_replicas.next_token | uuid
        decision | mirror_replicas.position | pg_snapshot not null
        decision | mirror_replicas.seen_at | timestamp with time zone not null default now()
        decision | mirror_replicas.started_at | timestamp with time zone not null default now()
        decision | personality_template_versions.created_at | timestamp with time zone not null default now()
        decision | personality_template_versions.is_draft | boolean not null default false
        decision | personality_template_versions.is_public | boolean not null default false
        decision | personality_template_versions.parameters | jsonb
        decision | personality_template_versions.published_at | timestamp with time zone
        decision | personality_template_versions.system_prompt | text
        decision | personality_template_versions.template_id | uuid not null
        decision | personality_template_versions.user_id | uuid not null
        decision | personality_template_versions.version | integer not null
        decision | personality_templates.avatar_model | character varying(100)
        secretary | personality_templates.created_at | timestamp with time zone not null default now()
        secretary | personality_templates.description | text
        secretary | personality_templates.id | uuid not null default gen_random_uuid()
        secretary | personality_templates.is_active | boolean not null default true
        secretary | personality_templates.is_public | boolean not null default false
        secretary | personality_templates.name | character varying(100) not null
        secretary | personality_templates.parameters | jsonb
        decision | personality_templates.published_version | integer not null default 1
        decision | personality_templates.slug | character varying(50)
        secretary | personality_templates.system_prompt | text
        secretary | personality_templates.template_type | character varying(50)
        secretary | personality_templates.updated_at | timestamp with time zone not null default now()
        secretary | personality_templates.user_id | uuid not null
        decision | refresh_tokens.created_at | timestamp with time zone not null default now()
        decision | refresh_tokens.expires_at | timestamp with time zone not null
        decision | refresh_tokens.family_id | uuid not null
        decision | refresh_tokens.id | uuid not null default gen_random_uuid()
        decision | refresh_tokens.revoked_at | timestamp with time zone
        decision | refresh_tokens.secret_sha256 | bytea not null
        decision | refresh_tokens.used_at | timestamp with time zone
        decision | refresh_tokens.user_id | uuid not null
        secretary | skill_definitions.configuration | jsonb not null
        secretary | skill_definitions.created_at | timestamp with time zone not null default now()
        secretary | skill_definitions.description | text not null
        secretary | skill_definitions.id | uuid not null default gen_random_uuid()
        secretary | skill_definitions.is_active | boolean not null default true
        secretary | skill_definitions.is_public | boolean not null default false
        secretary | skill_definitions.name | character varying(100) not null
        secretary | skill_definitions.skill_code | character varying(10) not null
        secretary | skill_definitions.skill_type | character varying(50) not null
        secretary | skill_definitions.updated_at | timestamp with time zone not null default now()
        secretary | skill_definitions.user_id | uuid not null
        secretary | system_settings.description | text
        secretary | system_settings.id | uuid not null default gen_random_uuid()
        secretary | system_settings.key | character varying(255) not null
        secretary | system_settings.updated_at | timestamp with time zone not null default now()
        secretary | system_settings.value | jsonb not null
        decision | uploads.answer_body | bytea
        decision | uploads.answer_status | integer
        decision | uploads.answer_version | text
        decision | uploads.answer_xid | xid8
        decision | uploads.assistant_id | uuid
        decision | uploads.batch | character varying(100)
        decision | uploads.byte_count | bigint not null
        decision | uploads.conversation_id | uuid
        decision | uploads.created_at | timestamp with time zone not null default now()
        decision | uploads.expires_at | timestamp with time zone not null default (now() + '24:00:00'::interval)
        decision | uploads.file_name | character varying(255) not null
        decision | uploads.id | uuid not null default gen_random_uuid()
        decision | uploads.is_shared | boolean not null default false
        decision | uploads.received | bigint not null default 0
        decision | uploads.retry_failed | boolean not null default false
        decision | uploads.sha256 | bytea
        decision | uploads.source_path | text not null
        decision | uploads.tags | text[] not null default '{}'::text[]
        decision | uploads.turn | integer not null default 0
        decision | uploads.updated_at | timestamp with time zone not null default now()
        decision | uploads.user_id | uuid not null
        avatar | user_preferences.avatar_customization | jsonb default '{}'::jsonb
        both | user_preferences.created_at | timestamp with time zone not null default now()
        secretary | user_preferences.default_assistant_id | uuid
        avatar | user_preferences.id | uuid not null default gen_random_uuid()
        both | user_preferences.language | character varying(10) not null default 'en'::character varying
        secretary | user_preferences.notification_settings | jsonb
        avatar | user_preferences.preferred_persona | character varying(50)
        secretary | user_preferences.privacy_settings | jsonb
        both | user_preferences.theme | character varying(50) not null default 'light'::character varying
        secretary | user_preferences.timezone | character varying(50)
        both | user_preferences.updated_at | timestamp with time zone not null default now()
        both | user_preferences.user_id | uuid not null
        avatar | user_preferences.voice_enabled | boolean not null default false
        both | users.created_at | timestamp with time zone not null default now()
        both | users.email | character varying(255) not null
        decision | users.email_folded | character varying(255) not null generated as lower((email)::text)
        secretary | users.first_name | character varying(100)
        both | users.id | uuid not null default gen_random_uuid()
        both | users.is_active | boolean not null default true
        decision | users.is_admin | boolean not null default false
        both | users.is_verified | boolean not null default false
        both | users.last_login_at | timestamp with time zone
        secretary | users.last_name | character varying(100)
        both | users.password_hash | character varying(255) not null
        both | users.updated_at | timestamp with time zone not null default now()
        both | users.username | character varying(50) not null
        decision | users.username_folded | character varying(50) not null generated as lower((username)::text)
        secretary | voices.age_group | character varying(20)
        secretary | voices.created_at | timestamp with time zone not null default now()
        secretary | voices.description | text
        secretary | voices.gender | character varying(20)
        secretary | voices.id | uuid not null default gen_random_uuid()
        secretary | voices.is_active | boolean not null default true
        secretary | voices.is_public | boolean not null default false
        secretary | voices.language | character varying(10)
        secretary | voices.name | character varying(100) not null
        secretary | voices.provider | character varying(50)
        secretary | voices.sample_url | character varying(500)
        secretary | voices.settings | jsonb
        secretary | voices.updated_at | timestamp with time zone not null default now()
        secretary | voices.user_id | uuid not null
        secretary | voices.voice_id | character varying(100)
        """#
}
