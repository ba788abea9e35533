// What an edit has emptied at the top of a config goes, and not a comment with it.
import { describe, expect, test } from 'bun:test'
import { editText } from '../../../server/config/edit/edit.ts'
import { emptiedKeys, withoutEmptied } from '../../../server/config/edit/without-emptied.ts'
import { asRead } from '../../../server/config/edit/values.ts'

/** The text once the only certificate, which is called "site", is gone. */
function without(text: string, file = 'a.yaml'): string {
  const edited = editText(file, text, [{ do: 'remove', path: ['certificates', 'site'] }])
  if ('refused' in edited) throw new Error(edited.refused)
  return withoutEmptied(file, edited.text, ['certificates'])
}

describe('a map at the top that is emptied', () => {
  test('goes, wherever it stands and however it is written', () => {
    const map = 'certificates:\n  site:\n    cert: a.pem\n    key: a.key\n'
    const [web, rules] = ['listeners:\n  web: { bind: ":80" }\n', 'rules:\n  - respond: { status: 200 }\n']
    for (const written of [
      map,
      'certificates: { site: { cert: a.pem } }\n',
      '"certificates": {"site": {}}\n',
    ]) {
      expect(without(`${written}${web}`)).toBe(web)
      expect(without(`${web}${written}${rules}`)).toBe(web + rules)
      expect(without(`${web}\n${written}\n${rules}`)).toBe(`${web}\n${rules}`)
      expect(without(`${web}\n${written}`)).toBe(web)
      expect(without(`${written}\n${web}`)).toBe(web)
      expect(without(`\uFEFF${written}${web}`)).toBe(`\uFEFF${web}`)
      expect(without(`${web}${written}${rules}`.replaceAll('\n', '\r\n'))).toBe(
        `${web}${rules}`.replaceAll('\n', '\r\n'),
      )
    }
  })

  test('leaves the comments about it where they were, apart from those of its neighbours', () => {
    const text = `listeners:
  web: { bind: ":80" }
# Ours, by the other team
certificates:   # see the wiki
  # one for each site
  #   ask anna
  site: { cert: a.pem }
# the only rule
rules: []
`
    expect(without(text)).toBe(`listeners:
  web: { bind: ":80" }
# Ours, by the other team
# see the wiki
# one for each site
#   ask anna

# the only rule
rules: []
`)
    expect(without('# The gateway\ncertificates:\n  site: {}\nrules: []\n')).toBe(
      '# The gateway\n\nrules: []\n',
    )
  })

  test('goes from TOML and JSON as well', () => {
    const toml = '[listeners.web]\nbind = ":80"\n\n# ours\n[certificates.site]\ncert = "a.pem"\n'
    expect(without(toml, 'a.toml')).toBe('[listeners.web]\nbind = ":80"\n')
    const inline = 'certificates = { site = { cert = "a.pem" } } # ours\n\n[listeners.web]\nbind = ":80"\n'
    expect(without(inline, 'a.toml')).toBe('# ours\n\n[listeners.web]\nbind = ":80"\n')
    const own = '# all of them\n[certificates]\n\n[certificates.site]\ncert = "a.pem"\n\n[listeners.web]\n'
    expect(without(own, 'a.toml')).toBe('# all of them\n\n[listeners.web]\n')
    const json = '{\n  "listeners": { "web": {} },\n  "certificates": { "site": {} }\n}\n'
    expect(JSON.parse(without(json, 'a.json'))).toEqual({ listeners: { web: {} } })
  })

  test('stays where others use it, or where it cannot go alone', () => {
    const shared = 'certificates: &c\n  site: {}\nx-more: *c\n'
    expect(withoutEmptied('a.yaml', 'certificates: &c {}\nx-more: *c\n', ['certificates'])).toContain('&c {}')
    expect(withoutEmptied('a.yaml', shared, ['certificates'])).toBe(shared)
    expect(withoutEmptied('a.yaml', '{ rules: [], certificates: {} } # x\n', ['certificates'])).toContain(
      '{}',
    )
    expect(withoutEmptied('a.yaml', 'certificates: {}\n', ['certificates'])).toBe('certificates: {}\n')
    // A line of a text that only looks like it.
    const quoted = 'note = """\ncertificates = {}\n"""\ncertificates = {}\nrules = []\n'
    expect(withoutEmptied('a.toml', quoted, ['certificates'])).toBe(
      'note = """\ncertificates = {}\n"""\nrules = []\n',
    )
  })

  test('is known by what was there before: what somebody left empty stays', () => {
    const of = (before: object, after: object): readonly string[] =>
      emptiedKeys(asRead(before as never), asRead(after as never))
    expect(of({ certificates: { a: 1 }, backends: {} }, { certificates: {}, backends: {} })).toEqual([
      'certificates',
    ])
    expect(of({}, { certificates: {} })).toEqual(['certificates'])
    expect(of({ rules: [1], logs: { a: 1 } }, { rules: [], logs: { a: 1 } })).toEqual([])
  })
})
