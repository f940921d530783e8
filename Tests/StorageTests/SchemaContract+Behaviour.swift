extension SchemaContract {
    /// Functions: result, whose rights, who may call.
    static let functions = #"""
        decision | account_standing(account_id uuid, session_family uuid) | returns TABLE(is_active boolean, is_session_open boolean), security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        decision | administrator_exists(other_than uuid) | returns boolean, for public
        decision | archive_conversations(chosen uuid[]) | returns TABLE(conversations bigint, messages bigint), for authenticated+bunko_worker
        decision | archive_inactive_conversations(inactive_for interval) | returns TABLE(conversations bigint, messages bigint), for bunko_worker
        secretary | archive_old_messages(older_than interval) | returns integer, for bunko_worker
        decision | authenticate_api_key(key_prefix text, key_secret_sha256 bytea) | returns TABLE(key_id uuid, key_user_id uuid, key_scopes text[], key_assistant_ids uuid[]), security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        decision | authenticate_password(login_name text, password text, session_family uuid, refresh_sha256 bytea, refresh_lifetime interval) | returns TABLE(outcome text, found_user_id uuid, retry_after_seconds integer), security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        decision | check_changed_parent() | returns trigger, for public
        decision | check_embedding_model() | returns trigger, security definer, search_path=pg_catalog, public, pg_temp, for public
        decision | consume_account_token(token_sha256 bytea, wanted_purpose text) | returns uuid, for its owner
        decision | count_file_contents() | returns trigger, security definer, search_path=pg_catalog, public, pg_temp, for public
        secretary | current_user_id() | returns uuid, for public
        decision | delete_account(account_id uuid) | returns TABLE(table_name text, row_count bigint), security definer, search_path=pg_catalog, public, pg_temp, for bunko_worker
        decision | ensure_embedding_index() | returns boolean, security definer, search_path=pg_catalog, public, pg_temp, for bunko_worker
        decision | ensure_message_partitions(from_day date, months integer) | returns integer, security definer, search_path=pg_catalog, public, pg_temp, for bunko_worker
        decision | follow_deleted_messages() | returns trigger, for public
        decision | follow_inserted_messages() | returns trigger, for public
        secretary | hash_password(password text) | returns text, for public
        decision | keep_accounts_usable() | returns trigger, for public
        decision | keep_published_versions() | returns trigger, for public
        decision | login_delay(failures integer) | returns interval, for public
        decision | match_conversation_status() | returns trigger, for public
        decision | message_partitions() | returns TABLE(name text, bounds text, estimated_rows bigint, bytes bigint), for bunko_worker
        decision | number_template_version() | returns trigger, for public
        decision | public_persona(used_assistant uuid) | returns TABLE(id uuid, slug character varying, name character varying, description text, system_prompt text, published_version integer), security definer, search_path=pg_catalog, public, pg_temp, for authenticated
        decision | record_knowledge_changes() | returns trigger, security definer, search_path=pg_catalog, public, pg_temp, for public
        decision | record_template_version() | returns trigger, for public
        decision | register_account(new_username text, new_email text, password text, new_first_name text, new_last_name text, verification_sha256 bytea, verification_lifetime interval) | returns uuid, security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        decision | reset_password(token_sha256 bytea, new_password text, revoke_keys boolean) | returns TABLE(reset_user_id uuid, revoked_keys integer, valid_keys integer), security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        decision | restore_conversations(chosen uuid[]) | returns TABLE(conversations bigint, messages bigint), for authenticated+bunko_worker
        decision | rotate_refresh_token(old_sha256 bytea, new_sha256 bytea, lifetime interval) | returns TABLE(outcome text, found_user_id uuid, found_family_id uuid), security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        decision | set_up_administrator(token_sha256 bytea, new_username text, new_email text, password text) | returns uuid, security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        decision | settle_api_keys(account_id uuid, revoke_them boolean) | returns TABLE(revoked_keys integer, valid_keys integer), security definer, search_path=pg_catalog, public, pg_temp, for bunko_worker
        decision | share_new_row() | returns trigger, for public
        decision | share_rows_of_assistant() | returns trigger, for public
        decision | shares_knowledge(is_public boolean, is_active boolean, settings jsonb) | returns boolean, for public
        decision | swap_embedding_generations(from_model text, to_model text, role_after text) | returns bigint, security definer, search_path=pg_catalog, public, pg_temp, for bunko_worker
        decision | touch_job() | returns trigger, for public
        decision | touch_knowledge() | returns trigger, for public
        decision | touch_updated_at() | returns trigger, for public
        decision | verify_email(token_sha256 bytea) | returns uuid, security definer, search_path=pg_catalog, public, pg_temp, for bunko_app
        secretary | verify_password(password text, hash text) | returns boolean, for public
        """#

    /// Triggers.
    static let triggers = #"""
        decision | assistant_skills.assistant_skills_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | assistants.assistants_share | AFTER UPDATE OF is_public, is_active, settings FOR EACH ROW EXECUTE FUNCTION share_rows_of_assistant()
        decision | assistants.assistants_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | avatars.avatars_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | conversations.conversations_status | BEFORE INSERT OR UPDATE OF status, ended_at FOR EACH ROW EXECUTE FUNCTION match_conversation_status()
        decision | files.files_count_contents | AFTER INSERT OR DELETE OR UPDATE OF sha256 FOR EACH ROW EXECUTE FUNCTION count_file_contents()
        decision | files.files_share | BEFORE INSERT OR UPDATE OF assistant_id FOR EACH ROW EXECUTE FUNCTION share_new_row()
        decision | files.files_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | jobs.jobs_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_job()
        decision | knowledge_base.knowledge_base_deleted | AFTER DELETE REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes()
        decision | knowledge_base.knowledge_base_inserted | AFTER INSERT REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes()
        decision | knowledge_base.knowledge_base_inserted_model | AFTER INSERT REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_embedding_model()
        decision | knowledge_base.knowledge_base_share | BEFORE INSERT OR UPDATE OF secretary_id, conversation_id FOR EACH ROW EXECUTE FUNCTION share_new_row()
        decision | knowledge_base.knowledge_base_touch | BEFORE INSERT OR UPDATE FOR EACH ROW EXECUTE FUNCTION touch_knowledge()
        decision | knowledge_base.knowledge_base_truncated | AFTER TRUNCATE FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes()
        decision | knowledge_base.knowledge_base_updated | AFTER UPDATE REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_knowledge_changes()
        decision | knowledge_base.knowledge_base_updated_model | AFTER UPDATE REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION check_embedding_model()
        decision | messages.messages_deleted | AFTER DELETE REFERENCING OLD TABLE AS old_messages FOR EACH STATEMENT EXECUTE FUNCTION follow_deleted_messages()
        decision | messages.messages_inserted | AFTER INSERT REFERENCING NEW TABLE AS new_messages FOR EACH STATEMENT EXECUTE FUNCTION follow_inserted_messages()
        decision | messages.messages_parent_changed | AFTER UPDATE OF parent_id FOR EACH ROW WHEN (((new.parent_id IS NOT NULL) AND (new.parent_id IS DISTINCT FROM old.parent_id))) EXECUTE FUNCTION check_changed_parent()
        decision | personality_template_versions.personality_template_versions_keep | BEFORE DELETE OR UPDATE FOR EACH ROW EXECUTE FUNCTION keep_published_versions()
        decision | personality_templates.personality_templates_number | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION number_template_version()
        decision | personality_templates.personality_templates_record | AFTER INSERT OR UPDATE OF system_prompt, parameters, published_version, is_public FOR EACH ROW EXECUTE FUNCTION record_template_version()
        decision | personality_templates.personality_templates_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | skill_definitions.skill_definitions_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | system_settings.system_settings_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | uploads.uploads_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | user_preferences.user_preferences_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | users.users_keep_usable | BEFORE DELETE OR UPDATE OF is_active, is_admin, password_hash FOR EACH ROW EXECUTE FUNCTION keep_accounts_usable()
        decision | users.users_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        decision | voices.voices_touch | BEFORE UPDATE FOR EACH ROW EXECUTE FUNCTION touch_updated_at()
        """#

    /// Policies.
    static let policies = #"""
        decision | account_tokens.account_tokens_authentication | all to bunko_owner using (current_setting('app.authenticating'::text, true) = 'account'::text) check same
        decision | account_tokens.account_tokens_own | all to authenticated using (user_id = current_user_id()) check same
        decision | account_tokens.account_tokens_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | account_tokens.account_tokens_worker | all to bunko_worker using true check same
        decision | api_keys.api_keys_authentication | all to bunko_owner using (current_setting('app.authenticating'::text, true) = 'key'::text) check same
        decision | api_keys.api_keys_own | all to authenticated using (user_id = current_user_id()) check same
        decision | api_keys.api_keys_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | api_usage.api_usage_own | all to authenticated using (user_id = current_user_id()) check same
        decision | api_usage.api_usage_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | api_usage.api_usage_worker | all to bunko_worker using true check same
        decision | assistant_skills.assistant_skills_own | all to authenticated using (user_id = current_user_id()) check same
        decision | assistant_skills.assistant_skills_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | assistants.assistants_persona | select to bunko_owner using (is_public AND is_active AND (current_setting('app.reading_persona'::text, true) = 'on'::text))
        decision | assistants.assistants_public | select to authenticated using ((current_user_id() IS NOT NULL) AND is_public)
        decision | assistants.assistants_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | assistants.assistants_worker | select to bunko_worker using true
        secretary | assistants.user_assistants_policy | all to authenticated using (user_id = current_user_id()) check same
        decision | avatars.avatars_own | all to authenticated using (user_id = current_user_id()) check same
        decision | avatars.avatars_public | select to authenticated using ((current_user_id() IS NOT NULL) AND (is_public OR (user_id = '00000000-0000-0000-0000-000000000001'::uuid)))
        decision | avatars.avatars_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | conversations.conversations_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | conversations.conversations_worker | all to bunko_worker using true check same
        secretary | conversations.user_conversations_policy | all to authenticated using (user_id = current_user_id()) check same
        decision | conversations_archive.conversations_archive_own | all to authenticated using (user_id = current_user_id()) check same
        decision | conversations_archive.conversations_archive_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | conversations_archive.conversations_archive_worker | all to bunko_worker using true check same
        decision | embedding_cache.embedding_cache_own | all to authenticated using (user_id = current_user_id()) check same
        decision | embedding_cache.embedding_cache_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | embedding_cache.embedding_cache_worker | all to bunko_worker using true check same
        decision | files.files_own | all to authenticated using (user_id = current_user_id()) check same
        decision | files.files_partitioning | all to bunko_owner using (current_setting('app.moving_messages'::text, true) = 'on'::text) check same
        decision | files.files_public | select to authenticated using ((current_user_id() IS NOT NULL) AND is_shared)
        decision | files.files_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | files.files_shared | select to authenticated using ((current_user_id() IS NOT NULL) AND (user_id = '00000000-0000-0000-0000-000000000001'::uuid))
        decision | files.files_worker_claim | update to bunko_worker using true check same
        decision | files.files_worker_read | select to bunko_worker using true
        decision | idempotency_keys.idempotency_keys_own | all to authenticated using (user_id = current_user_id()) check same
        decision | idempotency_keys.idempotency_keys_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | idempotency_keys.idempotency_keys_worker | all to bunko_worker using true check same
        decision | jobs.jobs_own | all to authenticated using (user_id = current_user_id()) check same
        decision | jobs.jobs_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | jobs.jobs_shared | select to authenticated using ((current_user_id() IS NOT NULL) AND (user_id = '00000000-0000-0000-0000-000000000001'::uuid))
        decision | jobs.jobs_worker | all to bunko_worker using true check same
        decision | knowledge_base.knowledge_base_generations | select to bunko_owner using (current_setting('app.swapping_embeddings'::text, true) = 'on'::text)
        decision | knowledge_base.knowledge_base_mirror | select to bunko_worker using true
        decision | knowledge_base.knowledge_base_own | all to authenticated using (user_id = current_user_id()) check same
        decision | knowledge_base.knowledge_base_public | select to authenticated using ((current_user_id() IS NOT NULL) AND is_shared)
        decision | knowledge_base.knowledge_base_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | knowledge_base.knowledge_base_shared | select to authenticated using ((current_user_id() IS NOT NULL) AND (user_id = '00000000-0000-0000-0000-000000000001'::uuid))
        decision | messages.messages_own | all to authenticated using (user_id = current_user_id()) check same
        decision | messages.messages_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | messages.messages_worker | all to bunko_worker using true check same
        decision | messages_archive.messages_archive_own | all to authenticated using (user_id = current_user_id()) check same
        decision | messages_archive.messages_archive_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | messages_archive.messages_archive_worker | all to bunko_worker using true check same
        decision | personality_template_versions.personality_template_versions_own | all to authenticated using (user_id = current_user_id()) check same
        decision | personality_template_versions.personality_template_versions_public | select to authenticated using ((current_user_id() IS NOT NULL) AND (NOT is_draft) AND (is_public OR (user_id = '00000000-0000-0000-0000-000000000001'::uuid)))
        decision | personality_template_versions.personality_template_versions_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | personality_templates.personality_templates_own | all to authenticated using (user_id = current_user_id()) check same
        decision | personality_templates.personality_templates_persona | select to bunko_owner using (current_setting('app.reading_persona'::text, true) = 'on'::text)
        decision | personality_templates.personality_templates_public | select to authenticated using ((current_user_id() IS NOT NULL) AND (is_public OR (user_id = '00000000-0000-0000-0000-000000000001'::uuid)))
        decision | personality_templates.personality_templates_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | personality_templates.personality_templates_worker | select to bunko_worker using true
        decision | refresh_tokens.refresh_tokens_authentication | all to bunko_owner using (current_setting('app.authenticating'::text, true) = 'account'::text) check same
        decision | refresh_tokens.refresh_tokens_own | all to authenticated using (user_id = current_user_id()) check same
        decision | refresh_tokens.refresh_tokens_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | refresh_tokens.refresh_tokens_worker | all to bunko_worker using true check same
        decision | skill_definitions.skill_definitions_own | all to authenticated using (user_id = current_user_id()) check same
        decision | skill_definitions.skill_definitions_public | select to authenticated using ((current_user_id() IS NOT NULL) AND (is_public OR (user_id = '00000000-0000-0000-0000-000000000001'::uuid)))
        decision | skill_definitions.skill_definitions_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | uploads.uploads_own | all to authenticated using (user_id = current_user_id()) check same
        decision | uploads.uploads_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | uploads.uploads_worker_end | delete to bunko_worker using true
        decision | uploads.uploads_worker_read | select to bunko_worker using true
        decision | user_preferences.user_preferences_own | all to authenticated using (user_id = current_user_id()) check same
        decision | user_preferences.user_preferences_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | users.users_account | all to bunko_owner using (current_setting('app.authenticating'::text, true) = 'account'::text) check same
        decision | users.users_authentication | select to bunko_owner using (current_setting('app.authenticating'::text, true) = 'key'::text)
        decision | users.users_own | select to authenticated using (id = current_user_id())
        decision | users.users_own_update | update to authenticated using (id = current_user_id()) check same
        decision | users.users_worker | all to bunko_worker using true check same
        decision | voices.voices_own | all to authenticated using (user_id = current_user_id()) check same
        decision | voices.voices_public | select to authenticated using ((current_user_id() IS NOT NULL) AND (is_public OR (user_id = '00000000-0000-0000-0000-000000000001'::uuid)))
        decision | voices.voices_receipt | select to bunko_owner using (user_id = (NULLIF(current_setting('app.deleting_account'::text, true), ''::text))::uuid)
        decision | voices.voices_worker | select to bunko_worker using true
        """#

    /// What a role may do with some columns only.
    static let grants = #"""
        decision | api_keys.authenticated | update (name, revoked_at)
        decision | files.bunko_worker | update (processing_state, failure_code, failure_reason, updated_at, conversation_id, message_id, message_created_at, archived_conversation_id, archived_message_id)
        decision | messages.authenticated | update (content, content_type, parent_id, emotion, tokens_used, metadata)
        decision | users.authenticated | select (id, username, email, email_folded, first_name, last_name, is_active, is_verified, is_admin, last_login_at, created_at, updated_at, username_folded)
        """#
}
