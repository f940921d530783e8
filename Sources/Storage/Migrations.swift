import Postgres

extension Migration {
    /// Every migration of the product, in order; embedded in the binary. Append only: an applied file is verified by checksum.
    public static let all: [Migration] = [
        Migration(1, "users", PackageResources._001_users_up_sql, PackageResources._001_users_down_sql),
        Migration(2, "api_keys", PackageResources._002_api_keys_up_sql, PackageResources._002_api_keys_down_sql),
        Migration(3, "assistants", PackageResources._003_assistants_up_sql, PackageResources._003_assistants_down_sql),
        Migration(4, "knowledge", PackageResources._004_knowledge_up_sql, PackageResources._004_knowledge_down_sql),
        Migration(
            5, "knowledge_changes", PackageResources._005_knowledge_changes_up_sql, PackageResources._005_knowledge_changes_down_sql),
        Migration(6, "components", PackageResources._006_components_up_sql, PackageResources._006_components_down_sql),
        Migration(7, "conversations", PackageResources._007_conversations_up_sql, PackageResources._007_conversations_down_sql),
        Migration(8, "archiving", PackageResources._008_archiving_up_sql, PackageResources._008_archiving_down_sql),
        Migration(9, "accounts", PackageResources._009_accounts_up_sql, PackageResources._009_accounts_down_sql),
        Migration(
            10, "preferences_usage", PackageResources._010_preferences_usage_up_sql,
            PackageResources._010_preferences_usage_down_sql),
        Migration(
            11, "shared_knowledge", PackageResources._011_shared_knowledge_up_sql, PackageResources._011_shared_knowledge_down_sql),
        Migration(
            12, "public_assistants", PackageResources._012_public_assistants_up_sql,
            PackageResources._012_public_assistants_down_sql),
        Migration(13, "design_indexes", PackageResources._013_design_indexes_up_sql, PackageResources._013_design_indexes_down_sql),
        Migration(14, "login_counts", PackageResources._014_login_counts_up_sql, PackageResources._014_login_counts_down_sql),
        Migration(
            15, "idempotency_of_service", PackageResources._015_idempotency_of_service_up_sql,
            PackageResources._015_idempotency_of_service_down_sql),
        Migration(
            16, "password_and_keys", PackageResources._016_password_and_keys_up_sql, PackageResources._016_password_and_keys_down_sql),
        Migration(17, "public_partners", PackageResources._017_public_partners_up_sql, PackageResources._017_public_partners_down_sql),
        Migration(18, "unused_grants", PackageResources._018_unused_grants_up_sql, PackageResources._018_unused_grants_down_sql),
        Migration(
            19, "archive_and_lists", PackageResources._019_archive_and_lists_up_sql, PackageResources._019_archive_and_lists_down_sql),
        Migration(
            20, "mirror_replicas", PackageResources._020_mirror_replicas_up_sql, PackageResources._020_mirror_replicas_down_sql),
        Migration(21, "change_times", PackageResources._021_change_times_up_sql, PackageResources._021_change_times_down_sql),
        // With the policy that is a step of its own, 25, today.
        Migration(
            22, "jobs", PackageResources._022_jobs_up_sql, PackageResources._022_jobs_down_sql,
            otherChecksums: ["1892d84131af0c13bea4568a5df2b7978940902c854ec36b79ccac91336152bd"]),
        Migration(23, "uploads", PackageResources._023_uploads_up_sql, PackageResources._023_uploads_down_sql),
        Migration(24, "interruptions", PackageResources._024_interruptions_up_sql, PackageResources._024_interruptions_down_sql),
        // Without the DROP that databases with the other 0022 need.
        Migration(
            25, "shared_jobs", PackageResources._025_shared_jobs_up_sql, PackageResources._025_shared_jobs_down_sql,
            otherChecksums: ["8790a5c79e8b7be6b4165d0afdbd3f36bcadc07a8bfcfa728da4b1a24bb12540"]),
        Migration(
            26, "embedding_model", PackageResources._026_embedding_model_up_sql, PackageResources._026_embedding_model_down_sql),
        Migration(
            27, "embedding_generations", PackageResources._027_embedding_generations_up_sql,
            PackageResources._027_embedding_generations_down_sql),
    ]

    private init(_ number: Int, _ name: String, _ up: [UInt8], _ down: [UInt8], otherChecksums: Set<String> = []) {
        self.init(
            number: number, name: name, up: String(decoding: up, as: UTF8.self), down: String(decoding: down, as: UTF8.self),
            otherChecksums: otherChecksums)
    }
}
