import SwiftNN

/// How a network is trained, as `--json` shows it: options of `train`.
struct RecipeOptions: Encodable {
    let options: TrainingOptions
    private let balance: Bool

    init(_ options: TrainingOptions, balance: Bool) {
        self.options = options
        self.balance = balance
    }

    private enum CodingKeys: String, CodingKey {
        case topology, precision, seed, iterations, center, mirror, balance
        case learningRate = "learning_rate"
        case ownContrast = "own_contrast"
        case weightDecay = "weight_decay"
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(options.topology.name, forKey: .topology)
        try object.encode(options.precision.name, forKey: .precision)
        try object.encode(options.seed, forKey: .seed)
        try object.encode(options.iterations, forKey: .iterations)
        try object.encode(options.learningRate, forKey: .learningRate)
        try object.encode(options.centersImages, forKey: .center)
        try object.encode(options.takesOwnContrastOff, forKey: .ownContrast)
        try object.encode(options.mirror != nil, forKey: .mirror)
        try object.encode(options.weightDecay, forKey: .weightDecay)
        try object.encode(balance, forKey: .balance)
    }
}
