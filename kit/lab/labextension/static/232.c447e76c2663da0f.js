"use strict";(self.rspackChunkprogrammatic_kit_lab=self.rspackChunkprogrammatic_kit_lab||[]).push([[232],{475(t,e,r){var n=r(601),o=r.n(n),a=r(314),i=(r.n(a))()(o());i.push([t.id,`/* A card of ours is wider than JupyterLab's: below its title stands one line about it. */

.jp-LauncherCard[data-category='Programmatic Ads'] {
  width: 15.385em;
}

.jp-LauncherCard[data-category='Programmatic Ads'] .jp-LauncherCard-icon {
  height: 4em;
}

.jp-LauncherCard[data-category='Programmatic Ads'] .jp-LauncherCard-label {
  padding: 0 8px 8px;
}

.jp-LauncherCard[data-category='Programmatic Ads'] .jp-LauncherCard-label p {
  min-height: 0;
  line-height: 1.2;
  font-weight: 600;
}

.jp-LauncherCard[data-category='Programmatic Ads'] .jp-LauncherCard-label::after {
  content: attr(title);
  display: -webkit-box;
  margin-top: 4px;
  overflow: hidden;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 4;
  color: var(--jp-ui-font-color2);
  font-size: calc(var(--jp-ui-font-size1) * 0.846);
  line-height: 1.25;
  text-align: center;
}

/* The runs in the left panel. */

.kit-Runs {
  overflow-y: auto;
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  line-height: 1.4;
}

.kit-Runs p {
  margin: 0;
  overflow-wrap: anywhere;
}

.kit-Runs .kit-Runs-note,
.kit-Runs .kit-Runs-failure {
  padding: 12px;
}

.kit-Runs .kit-Runs-failure {
  border-left: 3px solid var(--jp-error-color1);
}

.kit-Runs code {
  padding: 1px 4px;
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color2);
  font-size: var(--jp-code-font-size);
}

.kit-Runs-list {
  margin: 0;
  padding: 0;
  list-style: none;
}

.kit-Run {
  padding: 8px 12px;
  border-bottom: 1px solid var(--jp-border-color2);
}

.kit-Run-head,
.kit-Run-foot {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  justify-content: space-between;
  gap: 2px 8px;
}

.kit-Run-name {
  font-weight: 600;
}

.kit-Run-number,
.kit-Run-foot,
.kit-Run-missing {
  color: var(--jp-ui-font-color2);
  font-weight: normal;
}

.kit-Run-foot,
.kit-Run-missing,
.kit-Run-status {
  font-size: var(--jp-ui-font-size0);
}

/* The status is said in words; the dot only repeats it. */
.kit-Run-status::before {
  content: '';
  display: inline-block;
  width: 8px;
  height: 8px;
  margin-right: 5px;
  border-radius: 50%;
  background: var(--jp-info-color1);
}

.kit-Run-status[data-status='done']::before {
  background: var(--jp-success-color1);
}

.kit-Run-status[data-status='failed']::before {
  border-radius: 0;
  background: var(--jp-error-color1);
}

.kit-Run-open {
  padding: 2px 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: var(--jp-content-link-color);
  font: inherit;
  cursor: pointer;
}

.kit-Run-open:hover {
  background: var(--jp-layout-color2);
}

.kit-Run-open:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}
`,""]),r.d(e,{},{A:i})},314(t){t.exports=function(t){var e=[];return e.toString=function(){return this.map(function(e){var r="",n=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),n&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=t(e),n&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(t,r,n,o,a){"string"==typeof t&&(t=[[null,t,void 0]]);var i={};if(n)for(var s=0;s<this.length;s++){var c=this[s][0];null!=c&&(i[c]=!0)}for(var u=0;u<t.length;u++){var p=[].concat(t[u]);n&&i[p[0]]||(void 0!==a&&(void 0===p[5]||(p[1]="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {").concat(p[1],"}")),p[5]=a),r&&(p[2]&&(p[1]="@media ".concat(p[2]," {").concat(p[1],"}")),p[2]=r),o&&(p[4]?(p[1]="@supports (".concat(p[4],") {").concat(p[1],"}"),p[4]=o):p[4]="".concat(o)),e.push(p))}},e}},601(t){t.exports=function(t){return t[1]}},72(t){var e=[];function r(t){for(var r=-1,n=0;n<e.length;n++)if(e[n].identifier===t){r=n;break}return r}function n(t,n){for(var o={},a=[],i=0;i<t.length;i++){var s=t[i],c=n.base?s[0]+n.base:s[0],u=o[c]||0,p="".concat(c," ").concat(u);o[c]=u+1;var l=r(p),d={css:s[1],media:s[2],sourceMap:s[3],supports:s[4],layer:s[5]};if(-1!==l)e[l].references++,e[l].updater(d);else{var f=function(t,e){var r=e.domAPI(e);return r.update(t),function(e){e?(e.css!==t.css||e.media!==t.media||e.sourceMap!==t.sourceMap||e.supports!==t.supports||e.layer!==t.layer)&&r.update(t=e):r.remove()}}(d,n);n.byIndex=i,e.splice(i,0,{identifier:p,updater:f,references:1})}a.push(p)}return a}t.exports=function(t,o){var a=n(t=t||[],o=o||{});return function(t){t=t||[];for(var i=0;i<a.length;i++){var s=r(a[i]);e[s].references--}for(var c=n(t,o),u=0;u<a.length;u++){var p=r(a[u]);0===e[p].references&&(e[p].updater(),e.splice(p,1))}a=c}}},659(t){var e={};t.exports=function(t,r){var n=function(t){if(void 0===e[t]){var r=document.querySelector(t);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(t){r=null}e[t]=r}return e[t]}(t);if(!n)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");n.appendChild(r)}},540(t){t.exports=function(t){var e=document.createElement("style");return t.setAttributes(e,t.attributes),t.insert(e,t.options),e}},56(t,e,r){t.exports=function(t){var e=r.nc;e&&t.setAttribute("nonce",e)}},825(t){t.exports=function(t){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=t.insertStyleElement(t);return{update:function(r){var n,o,a;n="",r.supports&&(n+="@supports (".concat(r.supports,") {")),r.media&&(n+="@media ".concat(r.media," {")),(o=void 0!==r.layer)&&(n+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),n+=r.css,o&&(n+="}"),r.media&&(n+="}"),r.supports&&(n+="}"),(a=r.sourceMap)&&"u">typeof btoa&&(n+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),t.styleTagTransform(n,e,t.options)},remove:function(){var t;null===(t=e).parentNode||t.parentNode.removeChild(t)}}}},113(t){t.exports=function(t,e){if(e.styleSheet)e.styleSheet.cssText=t;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(t))}}},579(t,e,r){var n=r(72),o=r.n(n),a=r(825),i=r.n(a),s=r(659),c=r.n(s),u=r(56),p=r.n(u),l=r(540),d=r.n(l),f=r(113),h=r.n(f),v=r(475),m={};m.styleTagTransform=h(),m.setAttributes=p(),m.insert=c().bind(null,"head"),m.domAPI=i(),m.insertStyleElement=d(),o()(v.A,m),v.A&&v.A.locals&&v.A.locals}}]);