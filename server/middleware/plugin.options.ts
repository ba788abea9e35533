import { Type, type Static } from '@sinclair/typebox'
import { Name } from '../lib/kinds.ts'
import { pluginUse } from '../plugins/plugins.options.ts'
import { ModeOption } from './mode.options.ts'

export const PluginStepOptions = Type.Object(
  {
    mode: ModeOption,
    name: Name({ description: 'Which of the plugins.' }),
    options: pluginUse('What its `middleware` is given.'),
  },
  {
    description:
      'A step of your own: `middleware` of a plugin. What it throws is 500 with the fault plugin_failed; what it waits for longer than timeouts.step is 504.',
    also: { plugin: 'name', use: 'name', with: 'options', config: 'options' },
  },
)
export type PluginStepConfig = Static<typeof PluginStepOptions>
