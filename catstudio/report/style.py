"""The look of every page that is written: one sheet, light and dark as the reader's system is."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c1d22; --soft: #595c67; --ground: #f4f4f6;
  --card: #ffffff; --line: #d9d9e0; --accent: #4450c8; --band: #4450c833; --ok: #1a6e3c;
  --look: #855600; --problem: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --soft: #a6a9b4; --ground: #17181b;
  --card: #1e1f23; --line: #34363d; --accent: #a5adff; --band: #a5adff33; --ok: #6fcf97;
  --look: #f0b95b; --problem: #ff9088; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  margin: 0 auto; padding: 32px 24px; max-width: 1080px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 40px 0 8px; } h3 { font-size: 15px; margin: 16px 0 4px; }
p { max-width: 72ch; margin: 8px 0; } .soft { color: var(--soft); font-weight: normal; }
.answer { font-size: 20px; max-width: 60ch; }
.ok { color: var(--ok); } .look { color: var(--look); } .problem { color: var(--problem); }
.unknown { color: var(--soft); }
table { border-collapse: collapse; width: 100%; background: var(--card); }
th, td { border: 1px solid var(--line); padding: 8px; text-align: left; vertical-align: top; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.answer { text-align: center; font-variant-numeric: tabular-nums; font-size: inherit; }
td.right { background: var(--band); } td.trained { white-space: nowrap; }
td.cat { color: var(--problem); font-weight: 600; } td.open { color: var(--look); }
details { background: var(--card); border: 1px solid var(--line); padding: 8px 16px; margin: -1px 0 0; }
summary { cursor: pointer; } summary strong { font-weight: 600; }
figure { margin: 0; } figcaption { font-size: 12px; color: var(--soft); max-width: 128px; }
img { display: block; width: 96px; height: 96px; object-fit: contain; }
.strip { display: flex; gap: 12px; flex-wrap: wrap; margin: 8px 0; }
svg { display: block; max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg text.soft { fill: var(--soft); }
ol > li { margin: 12px 0; } dt { font-weight: 600; margin-top: 8px; } dd { margin: 0; max-width: 72ch; }
"""
