// Names of CSS modules, as their files have them.
declare module '*.module.css' {
  const names: Readonly<Record<string, string>>
  export default names
}
