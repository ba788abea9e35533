// The part of plugins in a change: bundles that nobody loads any more go.
import type { PlanBody } from '../processes/worker.ts'
import { PluginBundles } from '../source/plugin-bundles.ts'
import type { Part } from './part.ts'

export class LivePlugins extends PluginBundles implements Part {
  readonly name = 'plugins'

  stage(): readonly [] {
    return []
  }

  commit({ plugins = {} }: PlanBody): void {
    this.keep(plugins)
  }

  drop(): void {}
}
