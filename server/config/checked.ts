// What checks of the whole config are given.
import type { Problems } from './problem.ts'
import type { Config } from './schema.ts'
import type { MapTree } from './tree.ts'
import type { World } from './world.ts'
import { Written } from './written.ts'

/** A config, what was written of it, and where problems go. */
export class Checked extends Written {
  readonly config: Config

  constructor(config: Config, tree: MapTree, problems: Problems, world: World) {
    super(config, tree, problems, world)
    this.config = config
  }
}
