extension SchemaContract {
    /// Keys, references and checks.
    static let constraints = #"""
        decision | account_tokens.account_tokens_pkey | PRIMARY KEY (user_id, id)
        decision | account_tokens.account_tokens_purpose_check | CHECK (((purpose)::text = ANY ((ARRAY['verify_email'::character varying, 'reset_password'::character varying, 'setup'::character varying])::text[])))
        decision | account_tokens.account_tokens_secret_sha256_check | CHECK ((octet_length(secret_sha256) = 32))
        decision | account_tokens.account_tokens_secret_sha256_key | UNIQUE (secret_sha256)
        decision | account_tokens.account_tokens_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | api_keys.api_keys_pkey | PRIMARY KEY (id)
        decision | api_keys.api_keys_prefix_key | UNIQUE (prefix)
        decision | api_keys.api_keys_scopes_check | CHECK (((scopes <@ ARRAY['read'::text, 'ingest'::text, 'admin'::text]) AND (cardinality(scopes) > 0)))
        decision | api_keys.api_keys_secret_sha256_check | CHECK ((octet_length(secret_sha256) = 32))
        decision | api_keys.api_keys_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | api_keys.api_keys_user_id_id_key | UNIQUE (user_id, id)
        decision | api_usage.api_usage_api_name_check | CHECK (((api_name)::text <> ''::text))
        decision | api_usage.api_usage_cost_check | CHECK ((cost >= (0)::numeric))
        secretary | api_usage.api_usage_pkey | PRIMARY KEY (user_id, created_at, id)
        decision | api_usage.api_usage_response_time_ms_check | CHECK ((response_time_ms >= 0))
        decision | api_usage.api_usage_tokens_used_check | CHECK ((tokens_used >= 0))
        decision | api_usage.api_usage_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        secretary | api_usage.api_usage_user_id_secretary_id_fkey | FOREIGN KEY (user_id, secretary_id) REFERENCES assistants(user_id, id) ON DELETE SET NULL (secretary_id)
        secretary | assistant_skills.assistant_skills_pkey | PRIMARY KEY (user_id, assistant_id, skill_definition_id)
        secretary | assistant_skills.assistant_skills_skill_definition_id_fkey | FOREIGN KEY (skill_definition_id) REFERENCES skill_definitions(id) ON DELETE CASCADE
        secretary | assistant_skills.assistant_skills_user_id_assistant_id_fkey | FOREIGN KEY (user_id, assistant_id) REFERENCES assistants(user_id, id) ON DELETE CASCADE
        secretary | assistants.assistants_avatar_id_fkey | FOREIGN KEY (avatar_id) REFERENCES avatars(id) ON DELETE SET NULL
        decision | assistants.assistants_name_check | CHECK (((name)::text <> ''::text))
        secretary | assistants.assistants_personality_template_id_fkey | FOREIGN KEY (personality_template_id) REFERENCES personality_templates(id) ON DELETE SET NULL
        secretary | assistants.assistants_pkey | PRIMARY KEY (id)
        decision | assistants.assistants_settings_check | CHECK ((jsonb_typeof(settings) = 'object'::text))
        secretary | assistants.assistants_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | assistants.assistants_user_id_id_key | UNIQUE (user_id, id)
        decision | assistants.assistants_user_id_name_key | UNIQUE (user_id, name)
        secretary | assistants.assistants_voice_id_fkey | FOREIGN KEY (voice_id) REFERENCES voices(id) ON DELETE SET NULL
        decision | avatars.avatars_name_check | CHECK (((name)::text <> ''::text))
        secretary | avatars.avatars_pkey | PRIMARY KEY (id)
        secretary | avatars.avatars_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | avatars.avatars_user_id_id_key | UNIQUE (user_id, id)
        decision | conversations.conversations_check | CHECK (((assistant_id IS NOT NULL) OR (persona_id IS NOT NULL)))
        decision | conversations.conversations_check1 | CHECK ((((status)::text = 'active'::text) = (ended_at IS NULL)))
        decision | conversations.conversations_check2 | CHECK ((ended_at >= started_at))
        decision | conversations.conversations_message_count_check | CHECK ((message_count >= 0))
        avatar | conversations.conversations_persona_id_fkey | FOREIGN KEY (persona_id) REFERENCES personality_templates(slug) ON UPDATE CASCADE
        decision | conversations.conversations_personality_template_id_fkey | FOREIGN KEY (personality_template_id) REFERENCES personality_templates(id) ON DELETE SET NULL
        both | conversations.conversations_pkey | PRIMARY KEY (user_id, id)
        decision | conversations.conversations_public_assistant_check | CHECK ((((public_assistant_id IS NULL) = (public_assistant_name IS NULL)) AND ((public_assistant_id IS NULL) OR (assistant_id IS NULL))))
        decision | conversations.conversations_status_check | CHECK (((status)::text = ANY ((ARRAY['active'::character varying, 'ended'::character varying, 'archived'::character varying])::text[])))
        secretary | conversations.conversations_user_id_assistant_id_fkey | FOREIGN KEY (user_id, assistant_id) REFERENCES assistants(user_id, id)
        both | conversations.conversations_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | conversations.conversations_voice_id_fkey | FOREIGN KEY (voice_id) REFERENCES voices(id) ON DELETE SET NULL
        decision | conversations_archive.conversations_archive_pkey | PRIMARY KEY (user_id, id)
        decision | conversations_archive.conversations_archive_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | embedding_cache.embedding_cache_pkey | PRIMARY KEY (user_id, model, text_sha256)
        decision | embedding_cache.embedding_cache_text_sha256_check | CHECK ((octet_length(text_sha256) = 32))
        decision | embedding_cache.embedding_cache_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | file_contents.file_contents_byte_count_check | CHECK ((byte_count >= 0))
        decision | file_contents.file_contents_pkey | PRIMARY KEY (sha256)
        decision | file_contents.file_contents_reference_count_check | CHECK ((reference_count >= 0))
        decision | file_contents.file_contents_sha256_check | CHECK ((octet_length(sha256) = 32))
        decision | files.files_check | CHECK ((((processing_state)::text = 'failed'::text) = (failure_reason IS NOT NULL)))
        decision | files.files_check1 | CHECK (((message_id IS NULL) = (message_created_at IS NULL)))
        decision | files.files_check2 | CHECK (((message_id IS NULL) OR (conversation_id IS NOT NULL)))
        decision | files.files_check3 | CHECK (((conversation_id IS NULL) OR (archived_conversation_id IS NULL)))
        decision | files.files_file_name_check | CHECK (((file_name)::text <> ''::text))
        decision | files.files_file_size_check | CHECK ((file_size >= 0))
        decision | files.files_identity_key | UNIQUE NULLS NOT DISTINCT (user_id, assistant_id, conversation_id, archived_conversation_id, source_path)
        secretary | files.files_pkey | PRIMARY KEY (user_id, id)
        decision | files.files_processing_state_check | CHECK (((processing_state)::text = ANY ((ARRAY['pending'::character varying, 'processing'::character varying, 'done'::character varying, 'failed'::character varying])::text[])))
        decision | files.files_sha256_check | CHECK ((octet_length(sha256) = 32))
        decision | files.files_source_path_check | CHECK ((source_path <> ''::text))
        decision | files.files_user_id_assistant_id_fkey | FOREIGN KEY (user_id, assistant_id) REFERENCES assistants(user_id, id) ON DELETE CASCADE
        secretary | files.files_user_id_conversation_id_fkey | FOREIGN KEY (user_id, conversation_id) REFERENCES conversations(user_id, id) ON DELETE CASCADE
        secretary | files.files_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        secretary | files.files_user_id_message_id_fkey | FOREIGN KEY (user_id, conversation_id, message_created_at, message_id) REFERENCES messages(user_id, conversation_id, created_at, id) ON DELETE SET NULL (message_id, message_created_at)
        decision | idempotency_keys.idempotency_keys_key_check | CHECK (((key)::text <> ''::text))
        decision | idempotency_keys.idempotency_keys_pkey | PRIMARY KEY (user_id, key)
        decision | idempotency_keys.idempotency_keys_request_sha256_check | CHECK ((octet_length(request_sha256) = 32))
        decision | idempotency_keys.idempotency_keys_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | jobs.jobs_attempts_check | CHECK ((attempts >= 0))
        decision | jobs.jobs_check | CHECK (((claimed_by IS NOT NULL) = ((state)::text = ANY ((ARRAY['extracting'::character varying, 'chunking'::character varying, 'embedding'::character varying, 'storing'::character varying])::text[]))))
        decision | jobs.jobs_check1 | CHECK (((finished_at IS NOT NULL) = ((state)::text = ANY ((ARRAY['done'::character varying, 'failed'::character varying, 'unchanged'::character varying, 'cancelled'::character varying])::text[]))))
        decision | jobs.jobs_check2 | CHECK (((failure_reason IS NOT NULL) = ((state)::text = 'failed'::text)))
        decision | jobs.jobs_chunks_embedded_check | CHECK ((chunks_embedded >= 0))
        decision | jobs.jobs_chunks_total_check | CHECK ((chunks_total >= 0))
        decision | jobs.jobs_interruptions_check | CHECK ((interruptions >= 0))
        decision | jobs.jobs_pkey | PRIMARY KEY (user_id, id)
        decision | jobs.jobs_state_check | CHECK (((state)::text = ANY ((ARRAY['queued'::character varying, 'extracting'::character varying, 'chunking'::character varying, 'embedding'::character varying, 'storing'::character varying, 'done'::character varying, 'failed'::character varying, 'unchanged'::character varying, 'cancelled'::character varying])::text[])))
        decision | jobs.jobs_user_id_file_id_fkey | FOREIGN KEY (user_id, file_id) REFERENCES files(user_id, id) ON DELETE CASCADE
        decision | jobs.jobs_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | knowledge_base.knowledge_base_check | CHECK (((secretary_id IS NULL) = (user_id = '00000000-0000-0000-0000-000000000001'::uuid)))
        decision | knowledge_base.knowledge_base_check1 | CHECK (((char_start IS NULL) OR ((char_start >= 0) AND (char_end > char_start))))
        decision | knowledge_base.knowledge_base_check2 | CHECK (((conversation_id IS NULL) OR (secretary_id IS NOT NULL)))
        decision | knowledge_base.knowledge_base_content_check | CHECK ((content <> ''::text))
        decision | knowledge_base.knowledge_base_content_sha256_check | CHECK ((octet_length(content_sha256) = 32))
        secretary | knowledge_base.knowledge_base_pkey | PRIMARY KEY (user_id, id)
        decision | knowledge_base.knowledge_base_token_count_check | CHECK ((token_count >= 0))
        decision | knowledge_base.knowledge_base_user_id_conversation_id_fkey | FOREIGN KEY (user_id, conversation_id) REFERENCES conversations(user_id, id) ON DELETE CASCADE
        decision | knowledge_base.knowledge_base_user_id_file_id_fkey | FOREIGN KEY (user_id, file_id) REFERENCES files(user_id, id) ON DELETE CASCADE
        decision | knowledge_base.knowledge_base_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        secretary | knowledge_base.knowledge_base_user_id_secretary_id_fkey | FOREIGN KEY (user_id, secretary_id) REFERENCES assistants(user_id, id) ON DELETE CASCADE
        decision | knowledge_changes.knowledge_changes_pkey | PRIMARY KEY (sequence)
        decision | knowledge_changes.knowledge_changes_whole | CHECK (((row_id IS NULL) = (partition_id IS NULL)))
        decision | login_attempts.login_attempts_failures_check | CHECK ((failures >= 0))
        decision | login_attempts.login_attempts_pkey | PRIMARY KEY (name_folded)
        decision | messages.messages_check | CHECK (((emotion IS NULL) OR ((role)::text = 'assistant'::text)))
        decision | messages.messages_check1 | CHECK (((content IS NOT NULL) OR (metadata IS NOT NULL)))
        decision | messages.messages_check2 | CHECK ((parent_id <> id))
        both | messages.messages_pkey | PRIMARY KEY (user_id, conversation_id, created_at, id)
        decision | messages.messages_role_check | CHECK (((role)::text = ANY ((ARRAY['user'::character varying, 'assistant'::character varying, 'system'::character varying, 'tool'::character varying])::text[])))
        decision | messages.messages_tokens_used_check | CHECK ((tokens_used >= 0))
        both | messages.messages_user_id_conversation_id_fkey | FOREIGN KEY (user_id, conversation_id) REFERENCES conversations(user_id, id) ON DELETE CASCADE
        decision | messages_archive.messages_archive_pkey | PRIMARY KEY (user_id, conversation_id, created_at, id)
        decision | messages_archive.messages_archive_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | mirror_replicas.mirror_replicas_check | CHECK (((kept_position IS NULL) = (kept_token IS NULL)))
        decision | mirror_replicas.mirror_replicas_pkey | PRIMARY KEY (id)
        decision | personality_template_versions.personality_template_versions_check | CHECK ((is_draft = (published_at IS NULL)))
        decision | personality_template_versions.personality_template_versions_pkey | PRIMARY KEY (user_id, template_id, version)
        decision | personality_template_versions.personality_template_versions_user_id_template_id_fkey | FOREIGN KEY (user_id, template_id) REFERENCES personality_templates(user_id, id) ON DELETE CASCADE
        decision | personality_template_versions.personality_template_versions_version_check | CHECK ((version > 0))
        decision | personality_templates.personality_templates_check | CHECK (((slug IS NULL) OR (user_id = '00000000-0000-0000-0000-000000000001'::uuid)))
        secretary | personality_templates.personality_templates_pkey | PRIMARY KEY (id)
        decision | personality_templates.personality_templates_published_version_check | CHECK ((published_version > 0))
        decision | personality_templates.personality_templates_slug_check | CHECK (((slug)::text ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text))
        decision | personality_templates.personality_templates_slug_key | UNIQUE (slug)
        secretary | personality_templates.personality_templates_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | personality_templates.personality_templates_user_id_id_key | UNIQUE (user_id, id)
        decision | refresh_tokens.refresh_tokens_pkey | PRIMARY KEY (user_id, id)
        decision | refresh_tokens.refresh_tokens_secret_sha256_check | CHECK ((octet_length(secret_sha256) = 32))
        decision | refresh_tokens.refresh_tokens_secret_sha256_key | UNIQUE (secret_sha256)
        decision | refresh_tokens.refresh_tokens_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | skill_definitions.skill_definitions_configuration_check | CHECK ((jsonb_typeof(configuration) = 'object'::text))
        decision | skill_definitions.skill_definitions_name_check | CHECK (((name)::text <> ''::text))
        secretary | skill_definitions.skill_definitions_pkey | PRIMARY KEY (id)
        decision | skill_definitions.skill_definitions_skill_code_check | CHECK (((skill_code)::text <> ''::text))
        secretary | skill_definitions.skill_definitions_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | skill_definitions.skill_definitions_user_id_id_key | UNIQUE (user_id, id)
        decision | skill_definitions.skill_definitions_user_id_skill_code_key | UNIQUE (user_id, skill_code)
        secretary | system_settings.system_settings_key_key | UNIQUE (key)
        secretary | system_settings.system_settings_pkey | PRIMARY KEY (id)
        decision | uploads.uploads_answer | CHECK (((answer_status IS NULL) = (answer_body IS NULL)))
        decision | uploads.uploads_byte_count_check | CHECK ((byte_count >= 0))
        decision | uploads.uploads_file_name_check | CHECK (((file_name)::text <> ''::text))
        decision | uploads.uploads_pkey | PRIMARY KEY (user_id, id)
        decision | uploads.uploads_received | CHECK (((received >= 0) AND (received <= byte_count)))
        decision | uploads.uploads_sha256_check | CHECK ((octet_length(sha256) = 32))
        decision | uploads.uploads_source_path_check | CHECK ((source_path <> ''::text))
        decision | uploads.uploads_target | CHECK ((((assistant_id IS NULL) = is_shared) AND ((conversation_id IS NULL) OR (NOT is_shared))))
        decision | uploads.uploads_user_id_assistant_id_fkey | FOREIGN KEY (user_id, assistant_id) REFERENCES assistants(user_id, id) ON DELETE CASCADE
        decision | uploads.uploads_user_id_conversation_id_fkey | FOREIGN KEY (user_id, conversation_id) REFERENCES conversations(user_id, id) ON DELETE CASCADE
        decision | uploads.uploads_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        secretary | user_preferences.user_preferences_default_assistant_id_fkey | FOREIGN KEY (default_assistant_id) REFERENCES assistants(id) ON DELETE SET NULL
        decision | user_preferences.user_preferences_id_key | UNIQUE (id)
        decision | user_preferences.user_preferences_language_check | CHECK (((language)::text ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$'::text))
        both | user_preferences.user_preferences_pkey | PRIMARY KEY (user_id)
        decision | user_preferences.user_preferences_preferred_persona_fkey | FOREIGN KEY (preferred_persona) REFERENCES personality_templates(slug) ON UPDATE CASCADE ON DELETE SET NULL
        decision | user_preferences.user_preferences_theme_check | CHECK (((theme)::text = ANY ((ARRAY['light'::character varying, 'dark'::character varying])::text[])))
        both | user_preferences.user_preferences_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        both | users.users_email_folded_key | UNIQUE (email_folded)
        both | users.users_pkey | PRIMARY KEY (id)
        decision | users.users_username_check | CHECK (((username)::text <> ''::text))
        decision | users.users_username_folded_key | UNIQUE (username_folded)
        both | users.users_username_key | UNIQUE (username)
        decision | voices.voices_name_check | CHECK (((name)::text <> ''::text))
        secretary | voices.voices_pkey | PRIMARY KEY (id)
        secretary | voices.voices_user_id_fkey | FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
        decision | voices.voices_user_id_id_key | UNIQUE (user_id, id)
        """#
}
