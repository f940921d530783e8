import Domain
import Postgres

extension UserID: PostgresCodable {}
extension AssistantID: PostgresCodable {}
extension PersonaID: PostgresCodable {}
extension FileID: PostgresCodable {}
extension JobID: PostgresCodable {}
extension UploadID: PostgresCodable {}
extension ChunkID: PostgresCodable {}
extension APIKeyID: PostgresCodable {}
extension SessionID: PostgresCodable {}
extension ReplicaID: PostgresCodable {}
