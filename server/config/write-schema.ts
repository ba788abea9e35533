// Writes config/schema.json: bun server/config/write-schema.ts
import { configSchema } from './schema-json.ts'

/** The text of config/schema.json. */
export const schemaText = (): string => `${JSON.stringify(configSchema(), null, 2)}\n`

if (import.meta.main) await Bun.write(new URL('../../config/schema.json', import.meta.url), schemaText())
