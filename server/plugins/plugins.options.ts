import { FilePath, MapOf } from '../lib/kinds.ts'
import { Type } from '@sinclair/typebox'

/** Top level. */
export const PluginsOptions = MapOf(
  'name',
  FilePath({ isCode: true, description: 'A file of TypeScript or JavaScript.' }),
  'Code of yours, by name: files that export middleware, an algorithm or keys of limits. They run in the workers, with all that the gateway may do. One that changes, or what it imports, is a change of the config.',
)

/** Where a plugin is used. */
export const pluginUse = (description: string) =>
  Type.Unsafe<unknown>({
    format: 'any',
    description: `${description} Any value; the plugin says what is right.`,
    default: {},
  })
