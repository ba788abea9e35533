// Where a config uses a plugin, and as what.
import type { Config } from '../../config/schema.ts'
import { pluginIn } from '../../lib/plugins-of.ts'

/** What a plugin may be used as: the name of what it exports. */
export type PluginPart = 'middleware' | 'algorithm' | 'rateLimitKey'

export interface PluginUse {
  /** Place in the config. */
  readonly at: string
  readonly part: PluginPart
  readonly options: unknown
}

export const usesOf = (config: Uses, name: string): PluginUse[] => [
  ...usesInRules(config, name),
  ...Object.entries(config.backends).flatMap(([backend, { plugin }]): PluginUse[] =>
    plugin?.name === name
      ? [{ at: `backends.${backend}.plugin`, part: 'algorithm', options: plugin.options }]
      : [],
  ),
]

type Uses = Pick<Config, 'rules' | 'backends'>

function usesInRules({ rules }: Uses, name: string): PluginUse[] {
  return rules.flatMap(({ middleware }, rule) =>
    middleware.flatMap((item, place): PluginUse[] => {
      const at = `rules.${rule}.middleware.${place}`
      if (item.plugin?.name === name)
        return [{ at: `${at}.plugin`, part: 'middleware', options: item.plugin.options }]
      const limit = item.rate_limit === undefined ? 'concurrency' : 'rate_limit'
      const { key = [] } = item[limit] ?? {}
      return key.some((word) => pluginIn(word) === name)
        ? [{ at: `${at}.${limit}.key`, part: 'rateLimitKey', options: null }]
        : []
    }),
  )
}
