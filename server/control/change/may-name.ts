// Which files and sockets of the machine a text of somebody may name. The schema is loaded with it.
import { dirname, resolve } from 'node:path'
import { namedPaths, type PathRule } from '../../config/named-paths.ts'
import { ConfigOptions } from '../../config/schema.ts'
import type { SchemaNode } from '../../config/schema-node.ts'
import type { Edition, EditionNote } from '../problem.ts'

/**
 * For somebody who is no admin with a fresh password those in the folders of the config and its data, in
 * `admin.files`, and what is named already. Null: any.
 */
export function mayName(
  { keepsAdmin = null }: EditionNote,
  before: Edition | null,
  file: string,
): PathRule | null {
  if (keepsAdmin === null) return null
  const { data = null, admin = false } = before?.config ?? {}
  const own = dirname(resolve(file))
  // What lies at the root, or in a folder such as /etc, has no folder of its own.
  const folders = own.split('/').length > 2 ? [own] : []
  return {
    folders: [...folders, ...(data === null ? [] : [data]), ...(admin === false ? [] : (admin.files ?? []))],
    paths: before === null ? new Set() : namedPaths(ConfigOptions as SchemaNode, before.config),
    code: keepsAdmin === 'role' ? 'not-yours' : 'step_up_needed',
  }
}
