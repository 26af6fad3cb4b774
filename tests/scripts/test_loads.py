"""Which strings of a script are loaded, for each way in which scripts pass values on."""

from __future__ import annotations

import pytest

from consent_middleware.scripts.loads import scan

#: ADDR stands for an address that is loaded.
LOADED = [
    (
        "function add(u,id){var s=document.createElement('script');s.src=u;document.body.append(s)}"
        "window.addEventListener('load',function(){add('/js/a.js');add('ADDR','x')})"
    ),
    "const load = async (u) => { const s = document.createElement('script'); s.src = u; }; load('ADDR')",
    "var f=function(u){var s=d.createElement('script');s.src=u};['/a.js','ADDR'].forEach(f)",
    "['/a.js','ADDR'].map(u=>{var s=d.createElement('script');s.src=u})",
    "for (const u of ['ADDR']) { let s = d.createElement('script'); s.src = u }",
    "var urls={a:'ADDR'};for (var k in urls){s.src=urls[k]}",
    "var cfg={hs:{url:'ADDR'}};s.src=cfg.hs.url",
    "var cfg={hs:{url:'ADDR'}};var t=cfg.hs;s.src=t['url']",
    'var cfg=JSON.parse(\'{"src":"ADDR"}\');s.src=cfg.src',
    "const {url}={url:'ADDR'};s.src=url",
    "const [url]=['ADDR'];s.src=url",
    "let s=Object.assign(document.createElement('script'),{src:'ADDR',async:true})",
    "document.head.appendChild(el('script',{src:'ADDR'}))",
    "class L{constructor(u){this.u=u} go(){var s=d.createElement('script');s.src=this.u}} new L('ADDR').go()",
    "var o={go(u){s.src=u}};o.go('ADDR')",
    "var o={go:function(u){s.src=u}};o.go('ADDR')",
    "(function(d,u){var s=d.createElement('script');s.src=u})(document,'ADDR')",
    "!function(d,u){var s=d.createElement('script');s.src=u}(document,'ADDR')",
    "((d,u)=>{var s=d.createElement('script');s.src=u})(document,'ADDR')",
    "(function(u){s.src=u}).call(this,'ADDR')",
    "function g(){s.src=arguments[0]} g('ADDR')",
    "function g(...u){s.src=u[0]} g('ADDR')",
    "function u(){return 'ADDR'} s.src=u()",
    "var u=()=>'ADDR';s.src=u()",
    "s['src']='ADDR'",
    "s.setAttribute('src','ADDR')",
    "s.setAttribute(\"src\",'ADDR')",
    "fetch('ADDR').then(eval)",
    "navigator.sendBeacon('ADDR')",
    "x=new XMLHttpRequest();x.open('GET','ADDR')",
    "import('ADDR')",
    "import x from 'ADDR'",
    "importScripts('ADDR')",
    "new Worker('ADDR')",
    "eval(\"var s=document.createElement('script');s.src='ADDR'\")",
    "setTimeout(\"var s=document.createElement('script');s.src='ADDR'\",1)",
    "new Function(\"s.src='ADDR'\")()",
    "document.write('<scr'+'ipt src=\"ADDR\"></scr'+'ipt>')",
    "document.write(\"<script>var s=1;s.src='ADDR'<\\/script>\")",
    "document.write(['<script src=\"','ADDR','\"><\\/script>'].join(''))",
    "var h='<script src=\"';h+='ADDR';h+='\"><\\/script>';document.write(h)",
    "var h='<script src=\"'+u+'\"><\\/script>',u='ADDR';document.write(h)",
    "document.write('<script src=\"','ADDR','\"><\\/script>')",
    "$('body').append('<script src=\"ADDR\"><\\/script>')",
    "$.getScript('ADDR')",
    "$.ajax({url:'ADDR',dataType:'script'})",
    'jQuery.getScript("ADDR")',
    '$("<script/>",{src:"ADDR"}).appendTo("head")',
    "window.addScript('ADDR')",
    "e('ADDR')",
    "w.q=w.q||[];var j=d.createElement(s);j.src=u?'ADDR':'/b'",
    "var _0=['ADDR','createElement','src'];d[_0[1]]('script')[_0[2]]=_0[0]",
    "s.src=base||'ADDR'",
    "s.src=`${p}ADDR`",
    "s.text=\"var x=document.createElement('script');x.src='ADDR'\";var s=document.createElement('script')",
    "var s=document.createElement('script');s.textContent=\"import('ADDR')\"",
    "var s=document.createElement('script');s.appendChild(document.createTextNode(\"import('ADDR')\"))",
    "var urls=[];urls.push('ADDR');urls.forEach(function(u){s.src=u})",
    "var q=new Set();q.add('ADDR');for(const u of q)s.src=u",
    "requirejs.config({paths:{hs:'ADDR'}})",
    "if(a)s.src='ADDR';else b()",
    "var s=document.createElement('script')\ns.src='ADDR'\ndocument.head.appendChild(s)",
    "try{s.src='ADDR'}catch(e){}",
    "switch(a){case 1:s.src='ADDR'}",
    "a:{s.src='ADDR'}",
    "Reflect.set(s,'src','ADDR')",
    "i.srcset='ADDR 2x'",
    "f.srcdoc='<script src=\"ADDR\"><\\/script>'",
    "var a=b/c;s.src='ADDR';x=d/e",
    "return_=x=>x/2;s.src='ADDR'",
    "var a=b\n/c/g\ns.src='ADDR'",
    "document.write(unescape(\"%3Cscript src='ADDR'%3E%3C/script%3E\"))",
    "var p=Promise.resolve('ADDR');p.then(u=>{s.src=u})",
    "var m=new Map([['hs','ADDR']]);s.src=m.get('hs')",
    "localStorage.u='ADDR';s.src=localStorage.u",
    "const o={get url(){return 'ADDR'}};s.src=o.url",
    'var s=d.createElement("script");s.type="text/javascript",s.src=\'ADDR\',d.body.append(s)',
    "(()=>{const u='ADDR';const go=()=>{s.src=u};go()})()",
    "let t=document.createElement('template');t.innerHTML=`<script src=\"ADDR\"></script>`",
    "document.body.insertAdjacentHTML('beforeend','<img src=\"ADDR\">')",
    "x.outerHTML='<iframe src=\"ADDR\"></iframe>'",
    "var s=document.createElement('script');with(s){src='ADDR'}",
    "s.src='ADDR?a='+b",
    "Array.from(['ADDR']).forEach(function(u){s.src=u})",
    "[['ADDR',1]].forEach(([u,n])=>{s.src=u})",
    "function T(o){this.o=o}T.prototype.go=function(){s.src=this.o.url};new T({url:'ADDR'}).go()",
    "el.onload=function(){s.src='ADDR'}",
    "export default function(){s.src='ADDR'}",
    "for (u of ['ADDR']) s.src = u",
    "for (const [u] of [['ADDR']]) s.src = u",
    "for await (const u of ['ADDR']) s.src = u",
    "function* g() { yield 'ADDR' } s.src = g()",
    "var o = {'url': 'ADDR'}; s.src = o['url']",
    "const url = 'ADDR'; const o = {url}; s.src = o.url",
    "list[0] = 'ADDR'; s.src = list[0]",
    "s[k] = 'ADDR'",
    "x[k]('ADDR')",
    "(a || b)('ADDR')",
    "load?.('ADDR')",
    "const f = async u => { s.src = u }; f('ADDR')",
    "run(async function (u) { s.src = u }, 'ADDR')",
    "f.apply(null, ['ADDR']); function f(u) { s.src = u }",
    "(function (u) { s.src = u }).apply(this, ['ADDR'])",
    "f(...['ADDR']); function f(a, b) { s.src = b }",
    "const A = class { constructor({u}) { s.src = u } }; class B extends A {} new B({u: 'ADDR'})",
    "function f({u = 1, ...r}, [v] = [a], w = (1, 2)) { s.src = u } f({u: 'ADDR'})",
    "function f(v, u = 'ADDR') { s.src = u } f()",
    "s.setAttributeNS(null, 'href', 'ADDR')",
    "s.setAttribute(n, 'ADDR')",
    "a.insertAdjacentHTML('beforeend', '<img src=ADDR>')",
    'a.innerHTML = \'<a href="/x"></a><script>s.src="ADDR"<\\/script>\'',
    "a.innerHTML = '<img ' + 'src=ADDR>'",
    "a.innerHTML = '<img src=\"' + u; u = 'ADDR'",
    "a.innerHTML = '<img ' + u; u = 'src=ADDR'",
    "a.innerHTML = '<' + '3' + u; u = '<img src=ADDR>'",
    "a.innerHTML = '<b x = y z>' + '<iframe data-src=\"ADDR\">'",
    "new Function('a', \"s.src='ADDR'\")",
    "document.write(unescape('%3Cscript src=%22ADDR%22%3E%u003C/script%3E'))",
    "export * from 'ADDR'",
    "var a = `${b}` /c/ 2; s.src = 'ADDR'",
    "x = 'a' in b; s.src = 'ADDR'",
    "l.href = 'ADDR'",
    "(a) = 1; s.src = 'ADDR'",
    "for (a() in b); s.src = 'ADDR'",
    "x[0].call(b); s.src = 'ADDR'",
    "s.src = class { a() {} } && 'ADDR'",
    "function; s.src = 'ADDR'",
    "class; s.src = 'ADDR'",
    "var; s.src = 'ADDR'",
    "if (a) { b() } (function () { s.src = 'ADDR' })()",
    "x = function () {} \n s.src = 'ADDR'",
    "case_ = {a: 1}; L: for (;;) { s.src = 'ADDR'; break L }",
]


@pytest.mark.parametrize("text", LOADED)
def test_address_is_reached(text: str) -> None:
    script = scan(text.replace("ADDR", "//js.hs-scripts.com/12345.js"))

    assert script.flow is not None
    assert "//js.hs-scripts.com/12345.js" in script.addresses


NOT_LOADED = [
    "var u = 'ADDR'",
    "track('ADDR'); s.src = '/a.js'",
    "var cfg = {q: 'ADDR', base: '/js/'}; s.src = cfg.base + 'a.js'",
    "function f(a, b) { s.src = a } f('/a.js', 'ADDR')",
    "function f(q) { show(q) } f('ADDR'); s.src = q",
    "location.href = 'ADDR'",
    "window.open('ADDR')",
    "s.setAttribute('title', 'ADDR')",
    "$.ajax({url: '/t', data: {q: 'ADDR'}})",
    "map.set('q', 'ADDR')",
    "fd.append('q', 'ADDR')",
    "a.innerHTML = 'ADDR'",
    "a.innerHTML = '<b>ADDR</b>'",
    "a.innerHTML = '<input value=\"ADDR\">'",
    "a.innerHTML = '<input value=\"' + u + '\">'; u = 'ADDR'",
    "a.innerHTML = '<a href=\"ADDR\">x</a>'",
    "a.innerHTML = '<a href=\"' + 'ADDR'",
    "a.innerHTML = '<p >' + '< ADDR'",
    "a.textContent = 'ADDR'; s.src = '/a.js'",
    "p.append(document.createTextNode('ADDR'))",
    "document.createTextNode('ADDR')",
    "new Image().src = '/t?q=' + 'ADDR'",
    "new Image().src = `/t?a=${b}&q=ADDR`",
    "eval('x?q=' + 'ADDR')",
    "dataLayer.push({src: 'ADDR'})",
    "x = {src: 'ADDR'}",
    "// s.src = 'ADDR'",
    "/* s.src = 'ADDR' */",
    "<!-- s.src = 'ADDR'",
    "--> s.src = 'ADDR'",
    "a = /s.src='ADDR'/".replace("ADDR", "js.hs-scripts.com"),
]


@pytest.mark.parametrize("text", NOT_LOADED)
def test_unused_address_is_not_reached(text: str) -> None:
    script = scan(text.replace("ADDR", "//js.hs-scripts.com/12345.js"))

    assert script.flow is not None
    assert "hs-scripts" not in script.addresses


@pytest.mark.parametrize(
    "text", ["f('ADDR'", "f('ADDR')}", "'ADDR", '"ADDR\n"', "`ADDR", "/* ADDR", "= /[ 'ADDR'", "(]'ADDR'", "/*/ 'ADDR'"]
)
def test_uncertain_script_may_load_all(text: str) -> None:
    script = scan(text.replace("ADDR", "//js.hs-scripts.com/12345.js"))

    assert script.flow is None
    assert "js.hs-scripts.com" in script.addresses
    assert script.code == script.text
    assert script.written_code == ""


def test_code_has_no_string_content() -> None:
    script = scan("var a='b(';c [ \"d\" ](`e${f}g`,/h/.i)// j(\nreturn_ /k/ l\u0061")

    assert script.code == 'var a="";c.d(""${f}"",/ /.i);return_/k/la'.replace(";return_", "return_")


def test_written_code_counts_as_code() -> None:
    script = scan("eval('a()');b.innerHTML='<i onload=\"c()\">d()</i><script>e()</script>';f.src='g()'")

    assert script.written_code.split() == ["a()", "c()", "e()"]
