import Domain
import Embeddings
import Foundation

/// Makes the provider of an embedding model from its name.
struct EmbeddingModels: Sendable {
    let settings: EmbeddingSettings
    /// Where the built-in model is looked for, beside the places that all users share.
    var home = NSHomeDirectory()

    /// The model that a new installation begins with.
    /// - Throws: `configuration` for the name of a remote model without its address.
    var standard: String {
        get throws(Problem) {
            switch settings.model {
            case nil: return ModelFolder.find(home: home) == nil ? HashingEmbedder.modelID : LocalEmbedder.modelID
            case "local", LocalEmbedder.modelID: return LocalEmbedder.modelID
            case "hash", HashingEmbedder.modelID: return HashingEmbedder.modelID
            case let name?:
                guard let model = remote(name) else {
                    throw Problem(
                        .configuration, code: "invalid_embedding",
                        "embedding.model is \"\(name)\", but embedding.url does not tell where it is.",
                        remedy: "Set embedding.url (BUNKO_EMBEDDING_URL), or choose local or hash.", parameter: "embedding.url")
                }
                return model.id
            }
        }
    }

    /// The provider of a model. One that cannot be had on this machine, or that the settings do not tell how to ask, stands for itself and has
    /// no vectors to give: what needs none goes on without.
    func provider(of id: String) -> any EmbeddingProvider {
        switch id {
        case HashingEmbedder.modelID: return HashingEmbedder()
        case LocalEmbedder.modelID:
            guard let folder = ModelFolder.find(home: home) else {
                return missing(id, "its files are in none of \(ModelFolder.places(home: home).joined(separator: ", "))")
            }
            do {
                return LocalEmbedder(try SentenceModel(directory: folder), threads: ProcessInfo.processInfo.activeProcessorCount)
            } catch {
                return missing(id, "\(error)")
            }
        default:
            guard let name = settings.model, let model = remote(name), model.id == id else {
                return missing(id, "embedding.model, embedding.url and embedding.dimensions do not name it")
            }
            return RemoteEmbedder(model)
        }
    }

    /// As ``provider(of:)``, away from the cooperative threads: the built-in model's files are read.
    func loaded(_ id: String) async -> any EmbeddingProvider {
        do {
            return try await Blocking.run { _ in provider(of: id) }
        } catch {
            return missing(id, "\(error)")
        }
    }

    private func remote(_ name: String) -> RemoteModel? {
        settings.url.map { url in
            var model = RemoteModel(baseURL: url, name: name, key: settings.key)
            model.shortensTo = settings.dimensions
            model.costPerMillionTokens = settings.cost
            model.requestsPerMinute = settings.requestsPerMinute
            model.tokensPerMinute = settings.tokensPerMinute
            model.concurrency = settings.concurrency
            return model
        }
    }

    private func missing(_ id: String, _ reason: String) -> UnavailableEmbedder {
        UnavailableEmbedder(EmbeddingModel(id: id, dimensions: 1_536), reason: reason)
    }
}
