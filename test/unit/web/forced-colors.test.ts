// Where a browser has colours of its own, only those of the system are drawn: a rule that is more exact than
// the one that says so would leave a bar empty.
import { expect, test } from 'bun:test'
import { Glob } from 'bun'

const FORCED = /@media \(forced-colors: active\) \{(.*?)\n\}/gs

/** Selectors of rules that give a ground. */
const grounds = (css: string, value: RegExp): string[] =>
  [...css.matchAll(/([^{}]+)\{([^{}]*)\}/g)].flatMap(([, selectors = '', body = '']) =>
    value.test(body) ? selectors.split(',').map((one) => one.replace(/\/\*.*?\*\//gs, '').trim()) : [],
  )

/** Those that would win over what forced colours say of the same thing. */
function forgotten(css: string): string[] {
  const forced = [...css.matchAll(FORCED)].map(([, inside = '']) => inside).join('')
  const said = grounds(forced, /background(?:-color)?: CanvasText/)
  const others = grounds(css.replaceAll(FORCED, ''), /background(?:-color)?: var\(/)
  return others.filter((one) => !said.includes(one) && said.some((own) => one.startsWith(`${own}.`)))
}

test('what is drawn as a ground has one in forced colours too, in all its states', async () => {
  expect(
    forgotten(
      '.a i { background: var(--x) }\n.a i.b { background: var(--y) }\n@media (forced-colors: active) {\n  .a i { background: CanvasText }\n}',
    ),
  ).toEqual(['.a i.b'])
  const found: string[] = []
  for await (const file of new Glob('web/**/*.css').scan('.'))
    for (const one of forgotten(await Bun.file(file).text())) found.push(`${file}: ${one}`)
  expect(found).toEqual([])
})
