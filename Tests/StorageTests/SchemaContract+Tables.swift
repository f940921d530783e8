extension SchemaContract {
    /// Extensions.
    static let extensions = #"""
        both | pgcrypto | in public
        secretary | vector | in public
        """#

    /// Tables: how they are split, whether row-level security holds for the owner, too, and what roles may do with all columns.
    static let tables = #"""
        decision | account_tokens | row security forced, bunko_worker delete+insert+select
        decision | api_keys | row security forced, authenticated delete+insert+select
        secretary | api_usage | row security forced, authenticated select, bunko_worker insert+select
        secretary | assistant_skills | row security forced, authenticated delete+insert+select+update
        secretary | assistants | row security forced, authenticated delete+insert+select+update, bunko_worker select
        secretary | avatars | row security forced, authenticated delete+insert+select+update
        both | conversations | row security forced, authenticated delete+insert+select+update, bunko_worker delete+insert+select+update
        decision | conversations_archive | row security forced, authenticated delete+insert+select, bunko_worker delete+insert+select
        decision | embedding_cache | row security forced, authenticated insert+select, bunko_worker delete+select
        decision | file_contents | bunko_worker delete+insert+select
        secretary | files | row security forced, authenticated delete+insert+select+update, bunko_worker select
        decision | idempotency_keys | row security forced, authenticated insert+select+update, bunko_worker delete+insert+select+update
        decision | jobs | row security forced, authenticated insert+select+update, bunko_worker delete+insert+select+update
        secretary | knowledge_base | row security forced, authenticated delete+insert+select+update, bunko_worker select
        decision | knowledge_changes | bunko_worker delete+select
        decision | login_attempts | bunko_worker delete+select
        both | messages | RANGE (created_at), row security forced, authenticated delete+insert+select, bunko_worker delete+insert+select
        decision | messages_archive | row security forced, authenticated delete+insert+select, bunko_worker delete+insert+select
        decision | messages_default | partition of messages, DEFAULT
        decision | mirror_replicas | bunko_worker delete+insert+select+update
        decision | personality_template_versions | row security forced, authenticated delete+insert+select+update
        secretary | personality_templates | row security forced, authenticated delete+insert+select+update, bunko_worker select
        decision | refresh_tokens | row security forced, bunko_worker delete+select+update
        secretary | skill_definitions | row security forced, authenticated delete+insert+select+update
        secretary | system_settings | authenticated select, bunko_worker select+update
        decision | uploads | row security forced, authenticated delete+insert+select+update, bunko_worker delete+select
        both | user_preferences | row security forced, authenticated insert+select+update
        both | users | row security forced, bunko_worker insert+select+update
        secretary | voices | row security forced, authenticated delete+insert+select+update, bunko_worker select
        """#

    /// Views: columns and options.
    static let views = #"""
        secretary | active_assistants | id uuid, name character varying(100), description text, default_llm_model character varying(100), owner_username character varying(50), conversation_count bigint, last_conversation_at timestamp with time zone, security_invoker=true, authenticated select, bunko_worker select
        avatar | chatbot_personas | id character varying(50), name character varying(100), description text, system_prompt text, avatar_model character varying(100), is_active boolean, created_at timestamp with time zone, updated_at timestamp with time zone, security_invoker=true, authenticated select, authenticated update
        secretary | conversation_stats | id uuid, title character varying(200), status character varying(50), assistant_name character varying(100), user_name character varying(50), message_count bigint, first_message_at timestamp with time zone, last_message_at timestamp with time zone, security_invoker=true, authenticated select, bunko_worker select
        """#
}
