"use strict";(()=>{function part(id,kind){let found=document.getElementById(id);if(!(found instanceof kind))throw new Error(`the \
page lacks its part "${id}"`);return found}function say(node,text){node.textContent!==text&&(node.textContent=
text)}function make(tag,kind,...inside){let made=document.createElement(tag);return kind!==""&&(made.className=
kind),made.append(...inside),made}function digits(value,n=4){if(!Number.isFinite(value))return"–";let size=Math.
abs(value);if(size!==0&&(size<1e-4||size>=1e7))return value.toExponential(2).replace("-","−");let whole=Math.
max(1,Math.floor(Math.log10(size||1))+1);return value.toFixed(Math.min(4,Math.max(0,n-whole))).replace("-","−")}
function count(n,one){return`${n} ${one}${n===1?"":"s"}`}function watchSize(element,sized){let measure=()=>{let ratio=window.
devicePixelRatio||1;sized(Math.round(element.clientWidth*ratio),Math.round(element.clientHeight*ratio))};new ResizeObserver(
measure).observe(element),measure()}var WHY={401:"key",403:"locked",429:"full",503:"full"};async function refusalOf(answer){let text=(await answer.
text().catch(()=>"")).trim(),said=text.startsWith("<")?"":text.slice(0,300),why=WHY[answer.status]??"other";return why===
"locked"&&/^no origin/i.test(said)?{why,text:""}:why==="locked"&&/\bkey\b/i.test(said)?{why:"key",text:said}:why===
"locked"&&/may not drive here|not called/i.test(said)?{why:"origin",text:said}:{why,text:said||`the program an\
swered ${answer.status}`}}function address(path){let url=new URL(path,document.baseURI),key=new URLSearchParams(location.search).get("ke\
y");return key!==null&&url.searchParams.set("key",key),url}async function get(path,numbers){let url=address(path);for(let[name,number]of numbers)url.searchParams.append(
name,String(number));let answer=await fetch(url,{cache:"no-store"});if(!answer.ok)throw new Error((await refusalOf(
answer)).text);return answer}var askShelves=async()=>(await get("library",[])).json(),askContents=async dataset2=>(await get(
"library/dataset",[["dataset",dataset2]])).json(),askTrack=async(dataset2,episode2)=>(await get("library/episo\
de",[["dataset",dataset2],["episode",episode2]])).json();async function askPictures(dataset2,episode2,rows){let which=rows.
map(row=>["row",row]),bytes=await(await get("library/pictures",[["dataset",dataset2],["episode",episode2],...which])).
arrayBuffer(),length=new DataView(bytes).getUint32(0,!0),head=new TextDecoder().decode(new Uint8Array(bytes,4,
length)),{pictures,height,width}=JSON.parse(head);return Array.from({length:pictures},(_,at)=>{let rgb=new Uint8Array(
bytes,4+length+at*height*width*3,height*width*3),image=new ImageData(width,height);for(let pixel=0;pixel<height*
width;pixel+=1)image.data.set(rgb.subarray(3*pixel,3*pixel+3),4*pixel),image.data[4*pixel+3]=255;return image})}var Plots=class{constructor(place){this.place=place}place;plots=[];cursor=make("div","cursor");show(groups){this.
plots=[];let parts=groups.flatMap(({title,columns,values})=>{let plots2=values.map((of,at)=>this.plot(columns[at]??
{name:String(at),unit:""},of));return plots2.length===0?[]:[make("h3","",title),...plots2]});this.place.replaceChildren(
...parts,this.cursor)}look(share,at){this.cursor.style.left=`${share*100}%`;for(let{column,values,now}of this.
plots){let value=values[at];say(now,value==null?"no number":`${digits(value)} ${column.unit}`.trim())}}plot(column,values){
let[canvas,now]=[make("canvas",""),make("span","now")],numbers=values.filter(value=>value!==null),[low,high]=numbers.
reduce(([low2,high2],x)=>[Math.min(low2,x),Math.max(high2,x)],[1/0,-1/0]),bounds=numbers.length===0?"no number":
`${digits(low)} to ${digits(high)} ${column.unit}`.trim();return canvas.setAttribute("role","img"),canvas.setAttribute(
"aria-label",`${column.name}: ${bounds}`),watchSize(canvas,(width,height)=>draw(canvas,values,[low,high],[width,
height])),this.plots.push({column,values,now}),make("div","plot-line",make("p","",make("b","",column.name)," ",
now,make("span","bounds",bounds)),canvas)}};function draw(canvas,values,[low,high],[width,height]){let context=canvas.
getContext("2d");if(context===null||width===0||height===0)return;[canvas.width,canvas.height]=[width,height];let ratio=window.
devicePixelRatio||1,style=getComputedStyle(canvas);context.strokeStyle=style.getPropertyValue("--line"),context.
lineWidth=ratio,context.strokeRect(ratio/2,ratio/2,width-ratio,height-ratio),context.strokeStyle=style.getPropertyValue(
"--learned"),context.lineWidth=1.5*ratio,context.lineJoin="round",context.beginPath();let[span,room]=[high-low||
1,height-6*ratio],broken=!0;for(let[at,value]of values.entries()){if(value===null){broken=!0;continue}let x=at/
Math.max(1,values.length-1)*width;context[broken?"moveTo":"lineTo"](x,3*ratio+room*(1-(value-low)/span)),broken=
!1}context.stroke()}var STRIP=8,LISTED=300,POLL=1500,datasets=part("datasets",HTMLSelectElement),slider=part("row",HTMLInputElement),
picture=part("picture",HTMLCanvasElement),plots=new Plots(part("plots",HTMLElement)),shelves=[],contents=null,
track=null,[dataset,episode,timer]=[-1,-1,0],[asked,wanted]=[null,null];function trouble(error,where="trouble"){
say(part(where,HTMLElement),error instanceof Error?error.message:String(error))}function paint(canvas,image){[
canvas.width,canvas.height]=[image.width,image.height],canvas.getContext("2d")?.putImageData(image,0,0)}async function poll(){
window.clearTimeout(timer);try{shelves=await askShelves(),datasets.options.length!==shelves.length&&datasets.replaceChildren(
...shelves.map(({name},at2)=>new Option(name,String(at2))));let at=Math.max(0,datasets.selectedIndex),shelf=shelves[at];
shelf!==void 0?(shelf.ready&&(dataset!==at||contents===null||shelf.findings!==null&&contents.findings.length===
0&&shelf.findings>0)&&await open(at),say(part("dataset-is",HTMLElement),words(shelf))):trouble("There are no r\
ecordings.","dataset-is")}catch(error){trouble(error,"dataset-is")}(shelves.length===0||shelves.some(({findings,
trouble:trouble2})=>findings===null&&trouble2===null))&&(timer=window.setTimeout(()=>{poll()},POLL))}function words({
ready,trouble:trouble2,episodes,rows,examined,findings}){if(!ready)return trouble2??"It is being opened.";let there=`${count(
episodes,"episode")}, ${count(rows,"row")}.`,found=findings===null?`The doctor has looked at ${examined[0]} of\
 ${examined[1]}.`:`The doctor found ${count(findings,"thing")} to look at.`;return`${there} ${trouble2??found}`}
async function open(at){let[fresh,same]=[await askContents(at),at===dataset];[dataset,contents]=[at,fresh];let worst=new Map;
for(let{episode:episode2,severity}of[...fresh.findings].reverse())episode2!==null&&worst.set(episode2,severity);
let item=(rows,at2)=>{let severity=worst.get(at2),seconds=`${(rows/fresh.fps).toFixed(1)} s`,button=make("butt\
on",severity??"",make("b","",String(at2)),` ${count(rows,"row")}, ${seconds}`,severity===void 0?"":` · ${severity}`);
return button.type="button",button.addEventListener("click",()=>{show(at2)}),make("li","",button)};part("episo\
des",HTMLElement).replaceChildren(...fresh.episodes.map(item)),same&&episode>=0?(press(),mark()):await show(0)}
async function show(at,row=0){if(!(contents===null||contents.episodes[at]===void 0))try{trouble("");let{state,
action,pictures}=contents;if(at!==episode||track===null){episode=at;let fresh=await askTrack(dataset,at);if(at!==
episode)return;track=fresh,slider.max=String(Math.max(0,fresh.rows-1)),slider.disabled=fresh.rows===0,say(part(
"episode-title",HTMLElement),`Episode ${at}${fresh.task===""?"":`: ${fresh.task}`}`);let reward=fresh.reward.length===
0?[]:[fresh.reward];plots.show([{title:"State",columns:state,values:fresh.state},{title:"Action",columns:action,
values:fresh.action},{title:"Reward",columns:[{name:"reward",unit:""}],values:reward}]),press(),mark(),picture.
hidden=!pictures,part("film",HTMLElement).replaceChildren(),pictures&&fresh.rows>0&&film(at,fresh.rows)}look(row)}catch(error){
trouble(error)}}function press(){for(let[at,button]of document.querySelectorAll("#episodes button").entries())
button.setAttribute("aria-pressed",String(at===episode))}async function film(at,rows){let n=Math.min(STRIP,rows),
which=Array.from({length:n},(_,i)=>Math.round(i*(rows-1)/Math.max(1,n-1)));try{let images=await askPictures(dataset,
at,which);if(at!==episode)return;let frames=images.map((image,i)=>{let canvas=make("canvas","");paint(canvas,image);
let button=make("button","",canvas);return button.type="button",button.setAttribute("aria-label",`row ${which[i]}`),
button.addEventListener("click",()=>look(which[i]??0)),button});part("film",HTMLElement).replaceChildren(...frames)}catch(error){
picture.hidden=!0,trouble(error)}}function look(row){if(track===null)return;slider.value=String(row);let at=Math.
min(track.times.length-1,Math.floor(row/track.every)),time=track.times[at];say(part("row-is",HTMLElement),`${row}${time===
void 0?"":` · ${time.toFixed(2)} s`}`),plots.look(row/Math.max(1,track.rows-1),at),wanted=row,contents?.pictures===
!0&&asked===null&&fetchPicture()}async function fetchPicture(){for(;wanted!==null;){let[from,of]=[dataset,episode];
[asked,wanted]=[wanted,null];try{let[image]=await askPictures(from,of,[asked]);image!==void 0&&from===dataset&&
of===episode&&paint(picture,image)}catch(error){trouble(error)}}asked=null}function mark(){let all=contents?.findings??
[],only=part("only",HTMLInputElement).checked,listed=all.filter(found=>!only||found.episode===episode),item=found=>{
let place=found.episode===null?"all":`episode ${found.episode}${found.rows===null?"":`, row ${found.rows[0]}`}`,
head=make("button",found.severity,make("b","",`${found.severity}: ${found.check}`),` ${place}`);return head.type=
"button",head.addEventListener("click",()=>{show(found.episode??episode,found.rows?.[0]??0)}),make("li","",head,
make("p","",found.what),make("p","fine",found.remedy))},items=listed.slice(0,LISTED).map(item);listed.length>LISTED&&
items.push(make("li","fine",`${listed.length-LISTED} more: terrella doctor lists all of them.`)),items.length===
0&&items.push(make("li","fine","Nothing yet.")),part("findings",HTMLElement).replaceChildren(...items);let rows=Math.
max(1,(track?.rows??1)-1),bars=all.filter(found=>found.episode===episode&&found.rows!==null).slice(0,LISTED).map(
found=>{let[first,last]=found.rows??[0,0],bar=make("button",found.severity);return bar.type="button",bar.title=
`${found.check}: ${found.what}`,bar.setAttribute("aria-label",`${found.severity}, rows ${first} to ${last}: ${found.
check}`),bar.style.left=`${100*first/rows}%`,bar.style.width=`max(6px, ${100*(last-first)/rows}%)`,bar.addEventListener(
"click",()=>look(first)),bar});part("marks",HTMLElement).replaceChildren(...bars)}for(let link of document.querySelectorAll(
"a[data-room]"))link.href=address(link.getAttribute("href")??".").href;datasets.addEventListener("change",()=>{
[contents,track,episode]=[null,null,-1],plots.show([]);for(let id of["episodes","film"])part(id,HTMLElement).replaceChildren();
say(part("episode-title",HTMLElement),"Episode"),picture.hidden=!0,mark(),poll()});slider.addEventListener("in\
put",()=>look(slider.valueAsNumber));part("only",HTMLInputElement).addEventListener("change",mark);poll();})();
