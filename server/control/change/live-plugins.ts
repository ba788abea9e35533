// The part of plugins in a change: bundles that nobody loads any more go, and those that are loaded stay.
import type { Config } from '../../config/schema.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { PlanBody } from '../processes/worker.ts'
import { problemOf } from '../problem.ts'
import { PluginBundles } from '../source/plugin-bundles.ts'
import type { Part } from './part.ts'

export class LivePlugins extends PluginBundles implements Part {
  readonly name = 'plugins'
  #served: { readonly config: Config; readonly paths: NonNullable<PlanBody['plugins']> } | null = null
  #isLooking = false

  stage(): readonly [] {
    return []
  }

  commit({ config, plugins = {} }: PlanBody): void {
    this.#served = { config, paths: plugins }
    this.keep(plugins)
  }

  drop(): void {}

  /** Workers that are started later load what is served; to be called every few seconds. */
  look(): void {
    if (this.#served === null || this.#isLooking) return
    this.#isLooking = true
    const { config, paths } = this.#served
    void this.mend(config, paths)
      .catch((error: unknown) => {
        const { message: why } = problemOf(error)
        logEvent('warn', 'plugins_gone', { why, hint: 'a worker that is started anew cannot load them' })
        this.#served = null
      })
      .finally(() => (this.#isLooking = false))
  }

  stop(): void {
    this.#served = null
  }
}
