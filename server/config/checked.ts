// What checks of the whole config are given.
import type { Problems } from './problem.ts'
import type { Config } from './schema.ts'
import type { MapTree } from './tree.ts'
import { isStandIn } from './stand-in.ts'
import type { GoodPairs, PairFacts, World } from './world.ts'
import { Written } from './written.ts'

/** A config, what was written of it, and where problems go. */
export class Checked extends Written {
  readonly config: Config
  readonly #goodPairs: World['goodPairs']
  /** Undefined: nobody has asked yet. */
  #good: GoodPairs | null | undefined = undefined
  /** By both paths. */
  readonly #found = new Map<string, PairFacts | undefined>()

  constructor(config: Config, tree: MapTree, problems: Problems, world: World) {
    super(config, tree, problems, world)
    this.config = config
    this.#goodPairs = world.goodPairs
  }

  /** What is known of these files, where the same stood in them when they were found good. */
  goodPair(cert: string, key: string): PairFacts | undefined {
    this.#good ??= this.#goodPairs?.(this.config.data) ?? null
    if (this.#good === null || this.#good.isEmpty || isStandIn(cert) || isStandIn(key)) return undefined
    const both = `${cert} ${key}`
    if (this.#found.has(both)) return this.#found.get(both)
    const found = this.#look(this.#good, cert, key)
    this.#found.set(both, found)
    return found
  }

  #look(good: GoodPairs, cert: string, key: string): PairFacts | undefined {
    try {
      return good.find(this.readText(cert), this.readText(key))
    } catch {
      return undefined // told by whoever looks at them
    }
  }
}
