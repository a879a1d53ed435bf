module Lotka

using LinearAlgebra

struct Model
    alpha::Float64
    beta::Float64
    gamma::Float64
    delta::Float64
end

function slope(model::Model, u::Vector{Float64})
    prey, predators = u
    [
        model.alpha * prey - model.beta * prey * predators,
        model.delta * prey * predators - model.gamma * predators,
    ]
end

function simulate(model::Model, u0; dt = 0.01, steps = 1_000)
    states = zeros(2, steps + 1)
    states[:, 1] = u0
    for i in 1:steps
        u = states[:, i]
        k1 = slope(model, u)
        k2 = slope(model, u + dt / 2 * k1)
        states[:, i + 1] = u + dt * k2
    end
    states
end

end
