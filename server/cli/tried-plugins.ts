// Plugins of a config that is only looked at: bundled and tried as a gateway would, in a folder that goes.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LoadedConfig, RefusedConfig } from '../config/load.ts'
import { PluginBundles, PluginProblem } from '../control/source/plugin-bundles.ts'

/** The config, or what stands against its plugins. */
export async function withPlugins(
  loaded: LoadedConfig | RefusedConfig,
): Promise<LoadedConfig | RefusedConfig> {
  if (!loaded.ok || Object.keys(loaded.config.plugins).length === 0) return loaded
  const folder = mkdtempSync(join(tmpdir(), 'sluice-check-'))
  try {
    await new PluginBundles(folder).gather(loaded.config)
    return loaded
  } catch (error) {
    if (!(error instanceof PluginProblem)) throw error
    const path = error.path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
    const { message: found } = error
    const allowed = 'a plugin that loads, and takes its options'
    return { ok: false, problems: loaded.problemsAt([{ code: 'wrong-value', path, found, allowed }]) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
