"use strict";(()=>{function part(id,kind){let found=document.getElementById(id);if(!(found instanceof kind))throw new Error(`the \
page lacks its part "${id}"`);return found}function say(node,text){node.textContent!==text&&(node.textContent=
text)}function make(tag,kind,...inside){let made=document.createElement(tag);return kind!==""&&(made.className=
kind),made.append(...inside),made}function digits(value,n=4){if(!Number.isFinite(value))return"–";let size=Math.
abs(value);if(size!==0&&(size<1e-4||size>=1e7))return value.toExponential(2).replace("-","−");let whole2=Math.
max(1,Math.floor(Math.log10(size||1))+1);return value.toFixed(Math.min(4,Math.max(0,n-whole2))).replace("-","−")}
function count(n,one){return`${n} ${one}${n===1?"":"s"}`}function watchSize(element,sized){let measure=()=>{let ratio=window.
devicePixelRatio||1;sized(Math.round(element.clientWidth*ratio),Math.round(element.clientHeight*ratio))};new ResizeObserver(
measure).observe(element),measure()}var WHY={401:"key",403:"locked",429:"full",503:"full"};async function refusalOf(answer){let text=(await answer.
text().catch(()=>"")).trim(),said2=text.startsWith("<")?"":text.slice(0,300),why=WHY[answer.status]??"other";return why===
"locked"&&/^no origin/i.test(said2)?{why,text:""}:why==="locked"&&/\bkey\b/i.test(said2)?{why:"key",text:said2}:
why==="locked"&&/may not drive here|not called/i.test(said2)?{why:"origin",text:said2}:{why,text:said2||`the p\
rogram answered ${answer.status}`}}async function whyRefused(live2){try{let answer=await fetch(live2,{cache:"n\
o-store",signal:AbortSignal.timeout(8e3)});return answer.ok||answer.status===400||answer.status===426?{why:"lo\
cked",text:""}:await refusalOf(answer)}catch{return{why:"gone",text:""}}}function address(path){let url=new URL(path,document.baseURI),key=new URLSearchParams(location.search).get("ke\
y");return key!==null&&url.searchParams.set("key",key),url}async function askAbout(){try{let answer=await fetch(
address("about"),{cache:"no-store",signal:AbortSignal.timeout(8e3)});return answer.ok?await answer.json():await refusalOf(
answer)}catch{return{why:"gone",text:""}}}function showAbout(about2){let{world,model,rate,dt,picture}=about2;document.
title=`${world} · terrella play`,say(part("world",HTMLElement),world),say(part("model",HTMLElement),`${model.
replace(/\.?$/,".")} One step is ${dt} s, ${rate} a second in real time; pictures are ${picture} × ${picture}\
.`);let rooms=part("rooms",HTMLElement);rooms.hidden=!about2.library;for(let link2 of rooms.querySelectorAll("\
a"))link2.href=address(link2.getAttribute("href")?.replace(/\?.*$/,"")??"data").href;if(!about2.real){let words=[
make("b","","You are driving a learned world:")," each picture is imagined by a model from one real picture an\
d your actions, nothing else."," There is no real simulator here to compare it with."];part("what",HTMLElement).
replaceChildren(...words)}}var STEPS=200,Chart=class{constructor(canvas){this.canvas=canvas;watchSize(canvas,(width,height)=>{width>0&&height>
0&&([this.wide,this.high]=[width,height],this.ratio=window.devicePixelRatio||1,canvas.width=width,canvas.height=
height,this.draw())}),matchMedia("(prefers-color-scheme: dark)").addEventListener("change",()=>this.draw())}canvas;lines=new Map;lane=0;step=0;lanes=1;wide=0;high=0;ratio=1;clear(){
this.lines.clear(),this.draw()}note(header){let past=this.lines.get(this.lane)??{points:[],anchors:[]};if(header.
lanes>this.lanes)for(let lane=0;lane<header.lanes;lane+=1)this.lines.has(lane)||this.lines.set(lane,{points:[...past.
points],anchors:[...past.anchors]});else header.lanes<this.lanes&&(this.lines=new Map([[header.lane,past]]));[
this.lanes,this.lane,this.step]=[header.lanes,header.lane,header.step];let line=this.lines.get(header.lane)??{
points:[],anchors:[]},recent=step=>step<header.step&&step>=header.step-STEPS;line.points=line.points.filter(point=>recent(
point.step)),line.anchors=line.anchors.filter(step=>recent(step)&&step!==header.anchored),header.error!==null&&
line.points.push({step:header.step,error:header.error}),header.anchored>0&&line.anchors.push(header.anchored),
this.lines.set(header.lane,line)}draw(){let context=this.canvas.getContext("2d");if(context===null||this.wide===
0)return;let style=getComputedStyle(this.canvas),colour=name=>style.getPropertyValue(name).trim(),{points,anchors}=this.
lines.get(this.lane)??{points:[],anchors:[]},ratio=this.ratio,[left,top,right,bottom]=[40*ratio,8*ratio,this.wide-
4*ratio,this.high-18*ratio],most=scale(Math.max(.01,...points.map(point=>point.error))),x=step=>right-(this.step-
step)/STEPS*(right-left),y=error=>bottom-error/most*(bottom-top);context.clearRect(0,0,this.wide,this.high),context.
font=`${11*ratio}px ${style.fontFamily}`,context.fillStyle=colour("--muted"),context.strokeStyle=colour("--lin\
e"),context.lineWidth=ratio,context.textAlign="right",context.textBaseline="middle";for(let error of[0,most/2,
most]){let at=Math.round(y(error))+.5*(ratio%2);context.beginPath(),context.moveTo(left,at),context.lineTo(right,
at),context.stroke(),context.fillText(`${Number((error*100).toPrecision(2))} %`,left-5*ratio,at)}context.textBaseline=
"alphabetic",context.fillText("now",right,this.high-4*ratio),context.textAlign="left",context.fillText(`${STEPS}\
 steps ago`,left,this.high-4*ratio),context.strokeStyle=colour("--real"),context.setLineDash([3*ratio,3*ratio]);
for(let step of anchors.filter(step2=>step2<=this.step&&step2>=this.step-STEPS))context.beginPath(),context.moveTo(
x(step),top),context.lineTo(x(step),bottom),context.stroke();context.setLineDash([]),context.strokeStyle=colour(
"--learned"),context.lineWidth=2*ratio,context.lineJoin="round",context.beginPath();for(let[i,{step,error}]of points.
entries())context[i===0?"moveTo":"lineTo"](x(step),y(error));context.stroke()}words(){let{points}=this.lines.get(
this.lane)??{points:[]},last=points.at(-1);if(last===void 0)return"picture error over the last 200 steps: noth\
ing to show yet";let most=Math.max(...points.map(point=>point.error));return`picture error over the last ${points.
length} steps: now ${(last.error*100).toFixed(1)} %, at most ${(most*100).toFixed(1)} %`}};function scale(most){
let power=10**Math.floor(Math.log10(most));return power*([1,2,5,10].find(times=>times*power>=most-1e-9)??10)}function readFrame(bytes){if(bytes.byteLength<4)throw new Error(`a frame has ${bytes.byteLength} bytes, too fe\
w for the length of its header`);let length=new DataView(bytes).getUint32(0,!0);if(4+length>bytes.byteLength)throw new Error(
`a header of ${length} bytes does not fit into a frame of ${bytes.byteLength}`);let header=JSON.parse(new TextDecoder().
decode(new Uint8Array(bytes,4,length))),each=header.size*header.size*3,start=4+length,due=start+each*header.pictures.
length;if(due!==bytes.byteLength)throw new Error(`${header.pictures.length} pictures of side ${header.size} ma\
ke ${due} bytes, not ${bytes.byteLength}`);let pictures=header.pictures.map((name,i)=>{let[,kind,lane,moment]=/^(learned|real|goal|ghost):(\d+)(?::(\d+))?$/.
exec(name)??[];if(kind===void 0)throw new Error(`there is no picture called "${name}"`);let rgb=new Uint8Array(
bytes,start+i*each,each);return{kind,lane:Number(lane),moment:Number(moment??0),rgb}});return{header,pictures}}var WAITS=[500,1e3,2e3,4e3,8e3,15e3],Connection=class{constructor(ear){this.ear=ear}ear;socket=null;tries=0;timer=0;busy=!1;get open(){
return this.socket?.readyState===WebSocket.OPEN}send(order){return this.open?(this.socket?.send(JSON.stringify(
order)),!0):!1}async connect(){if(window.clearTimeout(this.timer),this.busy||this.open)return;this.busy=!0,this.
ear.link({is:"connecting"});let about2=await askAbout();if("why"in about2){this.later(about2);return}this.ear.
about(about2);let live2=address("live"),socket=new WebSocket(live2.href.replace(/^http/,"ws"));socket.binaryType=
"arraybuffer",this.socket=socket;let[opened,seen,farewell]=[!1,!1,""];socket.addEventListener("open",()=>{opened=
!0,this.busy=!1}),socket.addEventListener("message",({data})=>{try{if(typeof data=="string"){let said2=JSON.parse(
data);said2.say==="closing"&&(farewell=said2.text),this.ear.said(said2)}else{let frame2=readFrame(data);seen||
(seen=!0,this.tries=0,this.ear.link({is:"open"})),this.ear.frame(frame2)}}catch(error){this.ear.trouble(error instanceof
Error?error.message:String(error))}}),socket.addEventListener("close",()=>{this.socket=null,opened?this.later(
{why:!seen&&/places|taken/.test(farewell)?"full":"ended",text:farewell}):whyRefused(live2).then(refusal=>this.
later(refusal))})}later({why,text}){this.busy=!1;let wait=WAITS[Math.min(this.tries,WAITS.length-1)]??1e3;this.
tries+=1,this.ear.link({is:"closed",why,text,again:performance.now()+wait}),this.timer=window.setTimeout(()=>{
this.connect()},wait)}};var SPEEDS=[.1,.15,.25,.5,.75,1,1.5,2,3,4,6,8,12,16];function speedStop(times){let far=SPEEDS.map(speed2=>Math.
abs(Math.log(speed2/times)));return far.indexOf(Math.min(...far))}var always=()=>"",piloted=({header})=>header?.
drivers[header.lane]==="planner",planless=({about:about2})=>about2?.planner.ready===!1?"there is no planner he\
re":"",goals=desk2=>(desk2.about?.planner.rules.length??0)>0,two=({header})=>(header?.lanes??1)<2?"there is on\
e future; branch first":"";function rewind(steps,key){return{id:`back${steps}`,key,words:`back ${steps===1?"on\
e step":`${steps} steps`}, and pause`,hindered:({header})=>(header?.remembered??0)<1?"there is nothing to go b\
ack to yet":"",run:({send})=>send({do:"rewind",steps}),repeats:!0}}function speed(id,key,words,by){return{id,key,
words,hindered:always,run:({header,send})=>{let now=header?.speed??1,stop=now===0?SPEEDS.length-1:speedStop(now)+
by;send({do:"speed",times:SPEEDS[Math.min(SPEEDS.length-1,Math.max(0,stop))]??1})},repeats:!0}}var COMMANDS=[{
id:"pause",key:"Space",words:"pause, and go on",hindered:always,run:({header,send})=>send({do:header?.paused===
!0?"go":"pause"})},{id:"step",key:".",words:"one step (pauses first)",hindered:always,run:({header,send})=>{header?.
paused!==!0&&send({do:"pause"}),send({do:"step"})},repeats:!0},rewind(1,"Backspace"),rewind(10,"Shift+Backspac\
e"),rewind(60,"Ctrl+Backspace"),speed("slower","[","slower",-1),speed("faster","]","faster",1),{id:"branch",key:"\
b",words:"branch: a second future begins here, beside the first",hindered:({header})=>(header?.lanes??1)>1?"tw\
o futures are shown already; join first":"",run:({send})=>send({do:"branch"})},{id:"lane",key:"Tab",words:"dri\
ve the other future (while the pictures have the focus; Esc leaves them)",hindered:two,run:({header,send})=>send(
{do:"lane",lane:header?.lane===1?0:1})},{id:"join",key:"j",words:"join: keep the future that you drive, drop t\
he other",hindered:two,run:({send})=>send({do:"join"})},{id:"pilot",key:"p",words:"let the planner drive, and \
take over again",hindered:planless,run:desk2=>{!piloted(desk2)&&goals(desk2)&&desk2.header?.goal===null&&desk2.
send({do:"goal",seed:desk2.goal.value}),desk2.send({do:"pilot",on:!piloted(desk2)})}},{id:"goal",key:"g",words:"\
goal: draw another one",hindered:desk2=>planless(desk2)||(goals(desk2)?"":"this world has rewards and no goals"),
run:desk2=>{desk2.header?.goal!==null&&(desk2.goal.value+=1),desk2.send({do:"goal",seed:desk2.goal.value})}},{
id:"anchor",key:"l",words:"let the model look at the real world again",hindered:({about:about2})=>about2?.real===
!1?"there is no real simulator beside this world":"",run:({send})=>send({do:"anchor"})},{id:"record",key:"r",words:"\
record, and stop recording",hindered:({about:about2})=>about2?.record===null?"the program was started without \
a place for recordings":"",run:({header,send})=>send({do:"record",on:(header?.recording??null)===null})},{id:"\
read",key:"t",words:"read the numbers of this moment into the table",hindered:always,run:({send})=>send({do:"r\
ead"})},{id:"help",key:"?",words:"this help",hindered:always,run:({help})=>help()}];function keyOf(event){let name=event.
key===" "?"Space":event.key.length===1?event.key.toLowerCase():event.key,shift=event.shiftKey&&name.length>1?"\
Shift+":"";return`${event.ctrlKey?"Ctrl+":""}${shift}${name}`}var Controls=class{constructor(all){this.all=all;for(let button of document.querySelectorAll("button[data-comm\
and]")){let command=COMMANDS.find(({id})=>id===button.dataset.command);if(command===void 0)throw new Error(`no\
 command is called "${button.dataset.command}"`);this.buttons.push({button,command}),button.setAttribute("aria\
-keyshortcuts",command.key.replace("Ctrl","Control")),button.addEventListener("click",event=>{all.run(command),
event.detail>0&&command.id!=="help"&&all.stage.focus({preventScroll:!0})})}this.speed.max=String(SPEEDS.length-
1),this.speed.addEventListener("input",()=>{this.flat.checked=!1,this.sendSpeed()}),this.flat.addEventListener(
"change",()=>this.sendSpeed()),this.form("seed-form",()=>all.desk.send({do:"reset",seed:whole(this.seed)})),this.
form("episode-form",()=>all.desk.send({do:"reset",episode:whole(this.episode),row:whole(this.row)})),this.form(
"goal-form",()=>all.desk.send({do:"goal",seed:all.desk.goal.value}));let[goal,row]=this.goal;this.form("goal-r\
ow-form",()=>all.desk.send({do:"goal",episode:whole(goal),row:whole(row)}));for(let episode of[this.episode,goal])
episode.addEventListener("input",()=>this.bounds());let name=part("save-name",HTMLInputElement);this.form("sav\
e-form",()=>all.desk.send({do:"save",name:name.value}));let saved=part("saved",HTMLSelectElement);this.form("l\
oad-form",()=>{saved.value!==""&&all.desk.send({do:"load",name:saved.value})}),this.look()}all;buttons=[];speed=part(
"speed",HTMLInputElement);flat=part("flat-out",HTMLInputElement);seed=part("seed",HTMLInputElement);episode=part(
"episode",HTMLInputElement);row=part("row",HTMLInputElement);goal=[part("goal-episode",HTMLInputElement),part(
"goal-row",HTMLInputElement)];about(about2){part("episode-form",HTMLElement).hidden=about2.episodes.length===0,
part("goal-row-form",HTMLElement).hidden=about2.episodes.length===0||about2.planner.rules.length===0,this.bounds(),
say(part("record-path",HTMLElement),about2.record===null?"Recordings are off: the program was started without \
a place for them.":`Goes to ${about2.record}`)}saved(names){let list=part("saved",HTMLSelectElement),chosen=list.
value,options=names.map(name=>make("option","",name));list.replaceChildren(...options.length>0?options:[new Option(
"nothing saved yet","")]),names.includes(chosen)&&(list.value=chosen)}show(header){document.activeElement!==this.
speed&&header.speed>0&&(this.speed.value=String(speedStop(header.speed))),this.flat.checked=header.speed===0,this.
tellSpeed(header.speed),this.look()}look(){let{desk:desk2}=this.all,header=desk2.header;for(let{button,command}of this.
buttons){let why=command.id==="help"?"":this.all.open()?command.hindered(desk2):"there is no session";attribute(
button,"aria-disabled",why===""?null:"true"),attribute(button,"title",why===""?`${command.words} (${command.key}\
)`:why)}let label=(id,text)=>{for(let{button,command}of this.buttons){let words=button.querySelector("span");command.
id===id&&words!==null&&say(words,text)}},recording=(header?.recording??null)!==null;label("pause",header?.paused===
!0?"Go":"Pause"),label("record",recording?"Stop recording":"Record");let piloted2=header?.drivers[header.lane]===
"planner";label("pilot",piloted2?"Take over":"Let the planner drive");for(let{button,command}of this.buttons)(command.
id==="record"||command.id==="pilot")&&attribute(button,"aria-pressed",String(command.id==="record"?recording:piloted2))}sendSpeed(){
let times=this.flat.checked?0:SPEEDS[Number(this.speed.value)]??1;this.all.desk.send({do:"speed",times}),this.
tellSpeed(times)}tellSpeed(times){let words=times===0?"as fast as it can":`× ${digits(times,2)}`;say(part("sp\
eed-is",HTMLElement),words),attribute(this.speed,"aria-valuetext",times===0?words:`${digits(times,2)} times re\
al time`)}bounds(){let episodes=this.all.desk.about?.episodes??[],limit=(episode,row)=>{episode.max=String(Math.
max(0,episodes.length-1));let rows2=episodes[Number(episode.value)]?.rows;return row.max=String(Math.max(0,(rows2??
1)-1)),rows2};limit(...this.goal);let rows=limit(this.episode,this.row);say(part("episodes-are",HTMLElement),`\
0 to ${this.episode.max}${rows===void 0?"":`; this one has rows 0 to ${this.row.max}`}`)}form(id,sent){part(id,
HTMLFormElement).addEventListener("submit",event=>{event.preventDefault(),this.all.open()&&sent()})}};function whole(field){
return Math.max(0,Math.round(field.valueAsNumber||0))}function attribute(element,name,value){value===null?element.
removeAttribute(name):element.getAttribute(name)!==value&&element.setAttribute(name,value)}var SIDES={left:["left","back","backward"],right:["right","forth","forward"],up:["up","jump"],down:["down"],rest:[
"stay","rest","none","noop","nothing","idle","coast","wait"]},Drive=class{constructor(actions){this.actions=actions;
let{kind,names}=actions;kind==="choice"?this.way="choice":names.length>2?this.way="sliders":this.way=actions.are===
"targets"?"target":"push",this.planar=kind==="box"&&names.length===2&&/x$/i.test(names[0]??"")&&/y$/i.test(names[1]??
""),this.action=this.rest()}actions;way;planar;action;shadows=!1;steering=new Map;since=null;turned=0;rest(){let actions=this.
actions;return actions.kind==="choice"?[Math.max(0,this.named(SIDES.rest))]:actions.names.map((_,i)=>{let[low,
high]=this.range(i);return actions.are==="targets"?(low+high)/2:Math.min(high,Math.max(low,0))})}range(i){let actions=this.
actions;return actions.kind==="box"?[actions.low[i]??0,actions.high[i]??1]:[0,actions.names.length-1]}steer(by,x,y){
let before=this.sum();x===0&&y===0?this.steering.delete(by):this.steering.set(by,[x,y]);let after=this.sum();if(!(before[0]===
after[0]&&before[1]===after[1]))if(this.way==="push")for(let i of this.actions.names.keys()){let along=this.along(
i,after),[low,high]=this.range(i);this.hold(i,along===0?this.rest()[i]??0:along>0?along*high:-along*low)}else this.
way==="choice"&&this.hold(0,this.choiceOf(after))}point(x,y){for(let[i,part2]of[x,y].entries()){let[low,high]=this.
range(i);this.hold(i,low+Math.min(1,Math.max(0,part2))*(high-low))}}place(action){let part2=i=>{let[low,high]=this.
range(i);return((action[i]??low)-low)/(high-low||1)};return[part2(0),part2(1)]}hold(i,value){let[low,high]=this.
range(i),held=Math.min(high,Math.max(low,value));this.action[i]!==held&&(this.action[i]=held,this.since??=performance.
now())}letGo(){for(let by of[...this.steering.keys()])this.steer(by,0,0)}follow(header){this.steering.size>0?this.
since??=performance.now():header.action.length===this.action.length&&(this.action=[...header.action],this.since=
null)}shadow(header){let planner2=header.drivers[header.lane]==="planner";(planner2||this.shadows)&&this.since===
null&&this.steering.size===0&&header.action.length===this.action.length&&(this.action=[...header.action]),this.
shadows=planner2}turn(now){let passed=Math.min(100,now-this.turned);this.turned=now;let steered=this.sum();if(this.
way==="target"&&(steered[0]!==0||steered[1]!==0))for(let i of this.actions.names.keys()){let[low,high]=this.range(
i),move=this.along(i,steered)*(high-low)*passed/2e3;this.hold(i,(this.action[i]??low)+move)}if(this.since===null)
return null;let at=this.since;return this.since=null,{action:[...this.action],at}}sum(){let[x,y]=[0,0];for(let[
dx,dy]of this.steering.values())x+=dx,y+=dy;return[Math.min(1,Math.max(-1,x)),Math.min(1,Math.max(-1,y))]}along(i,[
x,y]){return i===0?x:this.planar?y:y===0?0:-y}named(names){return this.actions.names.findIndex(name=>names.includes(
name.toLowerCase()))}choiceOf([x,y]){let across=x<0?SIDES.left:x>0?SIDES.right:null,along=y<0?SIDES.up:y>0?SIDES.
down:null,found=[across,along].map(names=>names===null?-1:this.named(names)).find(i=>i>=0)??this.named(SIDES.rest);
return found>=0?found:this.action[0]??0}};var DEAD=.15,BUTTONS=[[0,"pause"],[1,"back10"],[2,"branch"],[3,"lane"]],Gamepads=class{down=new Set;poll(drive2,run2){
let[x,y]=[0,0];for(let pad of navigator.getGamepads?.()??[]){if(pad===null||!pad.connected)continue;let pressed=i=>pad.
buttons[i]?.pressed===!0?1:0;x+=live(pad.axes[0])+pressed(15)-pressed(14),y+=live(pad.axes[1])+pressed(13)-pressed(
12);for(let[button,id]of BUTTONS){let key=`${pad.index}:${button}`;if(pressed(button)===0)this.down.delete(key);else if(!this.
down.has(key)){this.down.add(key);let command=COMMANDS.find(command2=>command2.id===id);command!==void 0&&run2(
command)}}}drive2.steer("gamepad",Math.min(1,Math.max(-1,x)),Math.min(1,Math.max(-1,y)))}};function live(axis){
let size=Math.abs(axis??0);return size<DEAD?0:Math.sign(axis??0)*(size-DEAD)/(1-DEAD)}var Ghosts=class{lanes=new Map;clear(){this.lanes.clear()}note({header,pictures}){for(let lane of[...this.lanes.
keys()])(header.drivers[lane]!=="planner"||lane===header.lane&&header.plan===null)&&this.lanes.delete(lane);for(let lane of header.
drivers.keys()){let[first,...later]=pictures.filter(p=>p.kind==="ghost"&&p.lane===lane).map(({rgb})=>rgb);if(first!==
void 0&&header.drivers[lane]==="planner"){let ground=commonest(first);this.lanes.set(lane,later.map(rgb=>moved(
rgb,first,ground,header.size)))}}}over(lane){let ghosts2=this.lanes.get(lane)??[];return ghosts2.length===0?null:
(context,side)=>{for(let[at,ghost]of[...ghosts2.entries()].reverse())context.globalAlpha=.8*(1-at/(ghosts2.length+
1)),context.drawImage(ghost,0,0,side,side);context.globalAlpha=1}}};function moved(rgb,first,ground,size){let canvas=document.
createElement("canvas");[canvas.width,canvas.height]=[size,size];let pixels=new ImageData(size,size);for(let from=0,
to=0;from<rgb.length;from+=3,to+=4){let[changed,thing]=[0,0];for(let c=0;c<3;c+=1){let value=rgb[from+c]??0;pixels.
data[to+c]=value,changed+=Math.abs(value-(first[from+c]??0)),thing+=Math.abs(value-(ground[c]??0))}pixels.data[to+
3]=255*Math.min(90,changed,thing)/90}return canvas.getContext("2d")?.putImageData(pixels,0,0),canvas}function commonest(rgb){
let counts=new Uint32Array(4096),[best,at]=[0,0];for(let i=0;i<rgb.length;i+=3){let bin=((rgb[i]??0)>>4)*256+((rgb[i+
1]??0)>>4)*16+((rgb[i+2]??0)>>4),now=(counts[bin]??0)+1;counts[bin]=now,now>best&&([best,at]=[now,i])}return[...rgb.
subarray(at,at+3)]}function openHelp(about2){let steer=about2?.actions.kind==="choice"?about2.actions.names.slice(0,10).map((name,i)=>[
String((i+1)%10),`choose “${name}”`]):[],keys=[["Arrows, W A S D","steer"],...steer,...COMMANDS.map(({key,
words})=>[key,words])],pads=BUTTONS.map(([button,id])=>[`Gamepad ${"ABXY"[button]??button}`,COMMANDS.find(command=>command.
id===id)?.words.replace(/ \(.*\)$/,"")??id]),rows=[...keys,["Gamepad stick","steer"],...pads].map(([key,words])=>{
let head=make("th","",make("kbd","",key));return head.scope="row",make("tr","",head,make("td","",words))});part(
"help-rows",HTMLElement).replaceChildren(...rows),say(part("help-world",HTMLElement),about2===null?"":`${about2.
keys} At most ${about2.sessions_most} pages at once.`),part("help",HTMLDialogElement).showModal()}var STEER={ArrowLeft:[-1,0],ArrowRight:[1,0],ArrowUp:[0,-1],ArrowDown:[0,1],KeyA:[-1,0],KeyD:[1,0],KeyW:[0,-1],
KeyS:[0,1]};function listenToKeys(keyed){let held=new Set,steer=()=>{let[x,y]=[0,0];for(let code of held){let[
dx,dy]=STEER[code]??[0,0];x+=dx,y+=dy}keyed.drive()?.steer("keys",Math.sign(x),Math.sign(y))};document.addEventListener(
"keydown",event=>{let target=event.target instanceof HTMLElement?event.target:document.body;if(event.defaultPrevented||
event.metaKey||event.altKey||keeps(target,event))return;let drive2=keyed.drive();if(event.code in STEER&&!event.
ctrlKey){drive2!==null&&drive2.way!=="sliders"&&(event.preventDefault(),held.add(event.code),steer());return}if(drive2?.
way==="choice"&&/^Digit\d$/.test(event.code)&&!event.ctrlKey){let digit=Number(event.code.slice(5)),index=digit===
0?9:digit-1;index<drive2.actions.names.length&&drive2.hold(0,index);return}let key=keyOf(event);if(key==="Esca\
pe"&&target===keyed.stage){keyed.after.focus();return}if(key==="Tab"&&(target!==keyed.stage||keyed.lanes()<2))
return;let command=COMMANDS.find(command2=>command2.key===key);command!==void 0&&(event.preventDefault(),(!event.
repeat||command.repeats===!0)&&keyed.run(command))}),document.addEventListener("keyup",event=>{held.delete(event.
code)&&steer()});let forget=()=>{held.clear(),keyed.drive()?.letGo()};window.addEventListener("blur",forget),document.
addEventListener("visibilitychange",forget)}function keeps(target,event){if(target.closest("dialog")!==null)return!0;
if(target instanceof HTMLInputElement)switch(target.type){case"range":return event.key.startsWith("Arrow");case"\
checkbox":return event.key===" ";default:return!0}return target instanceof HTMLSelectElement?!0:target.closest(
"button, summary, a")!==null&&(event.key===" "||event.key==="Enter")}var Latency=class{samples=[];last=-1/0;sent=-1/0;untimed=-1/0;order(at){this.sent=at}paused(){this.untimed=this.
sent}drawn(echo){echo<=Math.max(this.last,this.untimed)||(this.last=echo,requestAnimationFrame(()=>{document.hidden||
(this.samples.push(performance.now()-echo),this.samples=this.samples.slice(-50))}))}quantiles(){let sorted=[...this.
samples].sort((a,b)=>a-b),at=part2=>sorted[Math.ceil(part2*sorted.length)-1]??0;return sorted.length===0?null:
{median:at(.5),high:at(.95),n:sorted.length}}clear(){this.samples=[]}};var WORDS_MS=2e3,RATES_MS=250,Meters=class{constructor(chart2,latency2){this.chart=chart2;this.latency=latency2}chart;latency;drawn=[];rates=-1/0;words=-1/0;out=name=>part(
`m-${name}`,HTMLElement);strip=part("strip",HTMLElement);flags=part("flags",HTMLElement);show(header,about2,now){
this.drawn.push(now),say(this.out("error"),header.error===null?"–":`${(header.error*100).toFixed(2)} %`),say(
this.out("spread"),header.spread===null?"–":digits(header.spread,3)),say(this.out("step"),String(header.step)),
say(this.out("time"),`${header.time.toFixed(1)} s`),say(this.out("model"),`${header.took_ms.toFixed(1)} ms`),say(
this.out("reward"),digits(header.reward,3)),say(this.out("recording"),header.recording===null?"off":count(header.
recording,"row"));let since=Math.max(0,header.step-header.anchored);say(this.out("since"),count(since,"step"));
let seconds=about2===null?"":` (${(since*about2.dt).toFixed(1)} s)`;say(this.strip,`Imagined for ${count(since,
"step")}${seconds} since the model last saw a real picture.`);let flags=[header.ended?"ended: reset or rewind":
"",header.paused?"paused":"",header.drivers[header.lane]==="planner"?"the planner drives":"",header.reached.length>
0?`goal reached (${header.reached.join(", ")})`:"",header.recording===null?"":"● recording"];say(this.flags,
flags.filter(flag=>flag!=="").join(" · ")),this.flags.classList.toggle("on",header.recording!==null||header.ended),
this.chart.draw()}turn(now){if(now-this.rates>=RATES_MS){this.rates=now,this.drawn=this.drawn.filter(then=>now-
then<1e3),say(this.out("shown"),`${this.drawn.length} /s`);let latency2=this.latency.quantiles();say(this.out(
"latency"),latency2===null?"–":`${latency2.median.toFixed(0)} / ${latency2.high.toFixed(0)} ms`)}now-this.words>=
WORDS_MS&&(this.words=now,part("chart",HTMLCanvasElement).setAttribute("aria-label",this.chart.words()))}};var MOST=100,Notes=class{constructor(list){this.list=list}list;last={text:"",times:0,counter:document.createElement(
"span")};add(text,error=!1){if(text===this.last.text){this.last.times+=1,say(this.last.counter,` ×${this.last.
times}`);return}let time=make("time","",new Date().toLocaleTimeString([],{hour12:!1})),counter=make("span","ti\
mes"),line=make("li",error?"error":"",time," ",error?"error: ":"",text,counter);for(this.last={text,times:1,counter},
this.list.append(line);this.list.childElementCount>MOST;)this.list.firstElementChild?.remove();this.list.scrollTop=
this.list.scrollHeight}};var Panel=class{constructor(place,hint){this.place=place;this.hint=hint}place;hint;drive=null;sliders=[];buttons=[];build(drive2){
if(this.drive=drive2,this.sliders=[],this.buttons=[],this.place.replaceChildren(),drive2.way==="choice"){let row=make(
"div","choices");row.setAttribute("role","group"),row.setAttribute("aria-label","choices"),this.buttons=drive2.
actions.names.map((name,i)=>this.choice(drive2,name,i)),row.append(...this.buttons),this.place.append(row)}else
for(let[i,name]of drive2.actions.names.entries())this.place.append(this.slider(drive2,name,i));say(this.hint,hintFor(
drive2)),this.show()}show(){let held=this.drive?.action??[];for(let[i,{range,value}]of this.sliders.entries()){
let number=held[i]??0;(document.activeElement!==range||Number(range.value)!==number)&&(range.value=String(number)),
say(value,digits(number,3))}for(let[i,button]of this.buttons.entries()){let on=String(held[0]===i);button.getAttribute(
"aria-pressed")!==on&&button.setAttribute("aria-pressed",on)}}choice(drive2,name,i){let button=make("button","",
make("span","",name));if(button.type="button",i<10){let key=String((i+1)%10),hint=make("kbd","",key);hint.setAttribute(
"aria-hidden","true"),button.append(hint),button.setAttribute("aria-keyshortcuts",key)}return button.addEventListener(
"click",()=>drive2.hold(0,i)),button}slider(drive2,name,i){let[low,high]=drive2.range(i),range=make("input","");
range.type="range",range.min=String(low),range.max=String(high),range.step="any";let value=make("output","");if(value.
setAttribute("aria-live","off"),range.addEventListener("input",()=>drive2.hold(i,Number(range.value))),drive2.
way==="push"){let rest=()=>{drive2.shadows||drive2.hold(i,drive2.rest()[i]??0)};for(let end of["pointerup","po\
intercancel","keyup","blur"])range.addEventListener(end,rest)}return this.sliders.push({range,value}),make("la\
bel","slider",make("span","",name.replaceAll("_"," ")),range,value)}};function hintFor(drive2){let one=drive2.
actions.names.length===1;switch(drive2.way){case"target":return drive2.planar?"Point at a picture with the mou\
se or a finger: that is the target. Arrow keys or WASD move it.":`${one?"Left and right":"Arrow keys or WASD"}\
 move the target.`;case"push":return`${one?"Left and right (or A and D)":"Arrow keys or WASD"} push while held\
. Or press on a picture and drag, or use a gamepad.`;case"choice":return"Digit keys choose, and it stays chose\
n. Arrow keys choose by name while held, where a name says a direction.";case"sliders":return"Each number of t\
he action has its slider."}}var PictureCanvas=class{constructor(canvas){this.canvas=canvas;watchSize(canvas,width=>{width>0&&canvas.width!==
width&&(canvas.width=width,canvas.height=width,this.paint())})}canvas;small=document.createElement("canvas");pixels=null;overlay=null;show(rgb,size,overlay2){
(this.pixels===null||this.pixels.width!==size)&&(this.small.width=size,this.small.height=size,this.pixels=new ImageData(
size,size),this.pixels.data.fill(255));let data=this.pixels.data;for(let from=0,to=0;from<rgb.length;from+=3,to+=
4)data[to]=rgb[from]??0,data[to+1]=rgb[from+1]??0,data[to+2]=rgb[from+2]??0;this.small.getContext("2d")?.putImageData(
this.pixels,0,0),this.overlay=overlay2,this.paint()}mark(overlay2){this.overlay=overlay2,this.paint()}paint(){
let context=this.canvas.getContext("2d");if(context===null||this.pixels===null)return;let side=this.canvas.width;
context.imageSmoothingEnabled=!1,context.drawImage(this.small,0,0,side,side),this.overlay?.(context,side)}};var PlannerView=class{goal=new PictureCanvas(part("goal",HTMLCanvasElement));figure=part("goal-figure",HTMLElement);plan=part(
"plan",HTMLElement);strip=part("plan-strip",HTMLElement);moments=[];goals=!1;about({planner:planner2}){this.goals=
planner2.rules.length>0,say(part("planner-is",HTMLElement),planner2.words);for(let id of["goal-form","goal-row\
-form"])part(id,HTMLElement).hidden=!this.goals;part("planner-buttons",HTMLElement).hidden=!planner2.ready,part(
"planner-now",HTMLElement).hidden=!planner2.ready}clear(){this.figure.hidden=!0,this.plan.hidden=!0}note({header,
pictures}){let goal=pictures.find(({kind})=>kind==="goal");goal!==void 0&&(this.figure.hidden=!1,this.goal.show(
goal.rgb,header.size,null));let imagined=pictures.filter(({kind,lane})=>kind==="ghost"&&lane===header.lane);if(imagined.
length!==0){for(this.plan.hidden=!1;this.moments.length<imagined.length;)this.moments.push(this.moment());for(let[
at,{figure,caption,picture}]of this.moments.entries()){let rgb=imagined[at]?.rgb;if(figure.hidden=rgb===void 0,
rgb!==void 0){let steps=at*(header.plan?.every??1);say(caption,steps===0?"then":`+${steps}`),picture.canvas.setAttribute(
"aria-label",steps===0?"imagined when the plan was made":`imagined ${count(steps,"step")} later`),picture.show(
rgb,header.size,null)}}}}show(header){let piloted2=header.drivers[header.lane]==="planner";say(part("who",HTMLElement),
piloted2?"The planner drives.":"You drive."),part("who",HTMLElement).classList.toggle("piloted",piloted2),say(
part("goal-is",HTMLElement),header.goal!==null?`Goal: ${header.goal}.`:this.goals?"No goal yet.":"It goes for \
rewards.");let reached=header.reached.length===0?"":`Goal reached by rule ${header.reached.join(", ")}.`;say(part(
"reached",HTMLElement),reached);let{plan}=header;if(this.plan.classList.toggle("past",plan===null),plan!==null){
let cost=plan.cost===null?"":`, cost ${digits(plan.cost,3)}`;say(part("plan-is",HTMLElement),`made at step ${plan.
step} in ${plan.took_ms.toFixed(0)} ms${cost}`)}}moment(){let canvas=make("canvas","");canvas.setAttribute("ro\
le","img"),canvas.setAttribute("aria-label","imagined");let caption=make("figcaption",""),figure=make("figure",
"",make("div","frame",canvas),caption);return this.strip.append(figure),{figure,caption,picture:new PictureCanvas(
canvas)}}};function difference(a,b,into){for(let i=0;i<into.length;i+=3){let sum=0;for(let c=i;c<i+3;c+=1)sum+=Math.abs((a[c]??
0)-(b[c]??0));let heat=sum*2;into[i]=Math.min(255,heat),into[i+1]=Math.min(255,Math.max(0,heat-255)),into[i+2]=
Math.min(255,Math.max(0,heat-510))}return into}var LANES=2,COLUMNS=[{column:"learned",title:"learned world",words:"what the model imagines"},{column:"real",title:"\
real simulator",words:"what truly happens"},{column:"difference",title:"difference",words:"black where they ag\
ree"}],Stage=class{constructor(place,choose,ghosts2){this.choose=choose;this.ghosts=ghosts2;this.rows=Array.from(
{length:LANES},(_,lane)=>this.row(lane)),place.replaceChildren(...this.rows.map(({row})=>row)),this.lanes([0],
0,[])}choose;ghosts;rows;apart=new Uint8Array(0);canvases(){return this.rows.flatMap(({figures},lane)=>[...figures].
filter(([column])=>column!=="difference").map(([,{picture}])=>({canvas:picture.canvas,lane})))}expect(real){for(let{
row,figures}of this.rows){row.classList.toggle("alone",!real);for(let[column,{figure}]of figures)figure.hidden=
column!=="learned"&&!real}}show({header,pictures},overlay2){let worlds=pictures.filter(({kind})=>kind==="learn\
ed"||kind==="real"),lanes=[...new Set(worlds.map(picture=>picture.lane))].sort((a,b)=>a-b);this.lanes(lanes,header.
lane,header.drivers);for(let lane of lanes){let figures=this.rows[lane]?.figures;if(figures===void 0)continue;
let over=lane===header.lane?overlay2:null,of=kind=>worlds.find(p=>p.lane===lane&&p.kind===kind),[learned,real]=[
of("learned"),of("real")],draw=(column,rgb,lines)=>{let shown=figures.get(column);shown!==void 0&&(shown.figure.
hidden=rgb===void 0,rgb!==void 0&&shown.picture.show(rgb,header.size,lines))};draw("learned",learned?.rgb,this.
over(lane,over)),draw("real",real?.rgb,over),learned!==void 0&&real!==void 0?(this.apart.length!==real.rgb.length&&
(this.apart=new Uint8Array(real.rgb.length)),draw("difference",difference(learned.rgb,real.rgb,this.apart),null)):
draw("difference",void 0,null),this.rows[lane]?.row.classList.toggle("alone",learned===void 0||real===void 0)}}mark(lane,overlay2){
let figures=this.rows[lane]?.figures;figures?.get("learned")?.picture.mark(this.over(lane,overlay2)),figures?.
get("real")?.picture.mark(overlay2)}over(lane,lines){let ghosts2=this.ghosts(lane);return(context,side)=>{ghosts2?.(
context,side),lines?.(context,side)}}lanes(shown,driven2,drivers){for(let[lane,{row,title,words,take}]of this.
rows.entries()){row.hidden=!shown.includes(lane),row.classList.toggle("one",shown.length<2),row.classList.toggle(
"driven",lane===driven2),say(title,`Future ${lane+1}`);let hand=lane===driven2?"you drive this one":"holds its\
 last action";say(words,drivers[lane]==="planner"?"the planner drives this one":hand),take.hidden=lane===driven2}}row(lane){
let figures=new Map,title=make("b",""),words=make("span",""),take=make("button","small","Drive this one");take.
type="button",take.addEventListener("click",()=>this.choose(lane));let row=make("div","row",make("div","lane",
title,words,take));for(let{column,title:title2,words:words2}of COLUMNS){let canvas=make("canvas","");canvas.setAttribute(
"role","img"),canvas.setAttribute("aria-label",`${title2}: ${words2} (future ${lane+1})`);let caption=make("fi\
gcaption","",make("b","",title2),": ",make("span","",words2)),figure=make("figure",column,caption,make("div","\
frame",canvas));figures.set(column,{figure,picture:new PictureCanvas(canvas)}),row.append(figure)}return{row,title,
words,take,figures}}};var TURN=2*Math.PI;function showState(state,about2){let units=new Map(about2?.state.map(({name,unit})=>[name,unit])),
cell=value=>make("td","",value===void 0?"–":digits(value)),rows=state.names.map((name,i)=>{let[learned,real]=[
state.learned?.[i],state.real?.[i]],unit=units.get(name)??"",head=make("th","",name);head.scope="row";let apart=learned===
void 0||real===void 0?void 0:difference2(learned,real,unit);return make("tr","",head,make("td","unit",unit),cell(
learned),cell(real),cell(apart))});part("state-rows",HTMLElement).replaceChildren(...rows);let missing=state.learned===
null?" The model does not tell a state.":state.real===null?" There is no real state.":"";say(part("state-of",HTMLElement),
`Future ${state.lane+1}, step ${state.step}.${missing}`)}function difference2(learned,real,unit){let apart=learned-
real;return unit==="rad"?apart-TURN*Math.round(apart/TURN):apart}function listenToPointers(canvas,lane,touched){let pressed=null,place=event=>{let box=canvas.getBoundingClientRect();
return[(event.clientX-box.left)/box.width,(event.clientY-box.top)/box.height]},move=event=>{let drive2=touched.
drive();if(drive2===null||!touched.driven(lane))return;let[x,y]=place(event);if(drive2.way==="target"&&drive2.
planar)(event.pointerType!=="touch"&&!drive2.shadows||pressed?.id===event.pointerId)&&drive2.point(x,y);else if(drive2.
way!=="sliders"&&pressed?.id===event.pointerId){let part2=(now,then)=>Math.min(1,Math.max(-1,(now-then)/.25)),
push=[part2(x,pressed.x),part2(y,pressed.y)],[dx,dy]=drive2.way==="choice"?push.map(p=>Math.abs(p)<.3?0:p):push;
drive2.steer("stick",dx??0,dy??0)}};canvas.addEventListener("pointerdown",event=>{if(event.button!==0)return;if(!touched.
driven(lane)){touched.choose(lane);return}let[x,y]=place(event);pressed={id:event.pointerId,x,y},canvas.setPointerCapture(
event.pointerId),move(event)}),canvas.addEventListener("pointermove",move);let release=event=>{pressed?.id===event.
pointerId&&(pressed=null,touched.drive()?.steer("stick",0,0))};canvas.addEventListener("pointerup",release),canvas.
addEventListener("pointercancel",release),canvas.addEventListener("lostpointercapture",release)}var Trace=class{lane=0;points=[];clear(){this.points=[]}note(header,place){if(header.lane!==this.lane&&(this.lane=
header.lane,this.points=[]),this.points=this.points.filter(point=>point.step<header.step),header.action.length===
2){let[x,y]=place(header.action);this.points.push({step:header.step,x,y})}this.points=this.points.slice(-100)}overlay([
x,y]){return(context,side)=>{let line=new Path2D;for(let[i,point]of this.points.entries())line[i===0?"moveTo":
"lineTo"](point.x*side,point.y*side);let ring=new Path2D;ring.arc(x*side,y*side,Math.max(5,side*.022),0,2*Math.
PI);let thin=Math.max(1.5,side*.005);stroke(context,line,"rgb(0 0 0 / 0.25)",thin*2.4),stroke(context,line,"rg\
b(255 255 255 / 0.6)",thin),stroke(context,ring,"rgb(0 0 0 / 0.7)",thin*2.6),stroke(context,ring,"rgb(255 255 \
255 / 0.95)",thin*1.2)}}};function stroke(context,path,style,width){context.lineJoin="round",context.strokeStyle=
style,context.lineWidth=width,context.stroke(path)}var ENDED="The program has ended, or cannot be reached: start “terrella play” again. This page connects by its\
elf.",WORDS={gone:["Nobody answers",ENDED],ended:["The session has ended","Looking whether the program is stil\
l there."],full:["All places are taken","Close another page of this program, or wait: this page connects by it\
self when a place is free."],key:["A key is needed","Open the address that “terrella play” printed, which ends\
 in ?key=…, or give the key here."],origin:["Wrong address","Open the very address that “terrella play” prin\
ted: pages from elsewhere are not let in."],locked:["Not let in","The program is there, but refused this page.\
 Open the very address that “terrella play” printed, which may end in ?key=…, or give its key here."],other:[
"The connection was refused","If it goes on: start “terrella play” again."]},Veil=class{again=null;veil=part(
"veil",HTMLElement);form=part("key-form",HTMLFormElement);constructor(retry){part("retry",HTMLButtonElement).addEventListener(
"click",retry),this.form.addEventListener("submit",event=>{event.preventDefault();let url=new URL(location.href);
url.searchParams.set("key",part("key",HTMLInputElement).value.trim()),location.href=url.href})}show(link2){let status=part(
"link",HTMLElement);if(status.dataset.is=link2.is,say(status,{connecting:"connecting…",open:"connected",closed:"\
not connected"}[link2.is]),document.body.classList.toggle("offline",link2.is!=="open"),this.veil.hidden=link2.
is==="open",this.again=link2.is==="closed"?link2.again:null,link2.is==="closed"){let[title,words]=WORDS[link2.
why]??["Not connected",ENDED];say(part("veil-title",HTMLElement),title);let known=link2.text.toLowerCase().startsWith(
title.toLowerCase())&&link2.text.length<title.length+2,text=link2.text===""||known?"":`${link2.text.charAt(0).
toUpperCase()}${link2.text.slice(1).replace(/\.?$/,".")} `;say(part("veil-text",HTMLElement),`${text}${words}`),
this.form.hidden=link2.why!=="key"&&link2.why!=="locked",part("retry-line",HTMLElement).hidden=!1}this.turn(performance.
now())}turn(now){if(!this.veil.hidden){let seconds=this.again===null?0:Math.ceil((this.again-now)/1e3);say(part(
"countdown",HTMLElement),seconds>0?`Trying again in ${seconds} s.`:"Trying…")}}};var READ_MS=500,DRIVE_MS=8,AFTER_ERROR_MS=500,stageArea=part("stage",HTMLElement),notes=new Notes(part("notes",
HTMLElement)),latency=new Latency,chart=new Chart(part("chart",HTMLCanvasElement)),meters=new Meters(chart,latency),
trace=new Trace,gamepads=new Gamepads,panel=new Panel(part("action",HTMLElement),part("hint",HTMLElement)),keep=part(
"keep",HTMLInputElement),ghosts=new Ghosts,planner=new PlannerView,goalSeed=part("goal-seed",HTMLInputElement),
drive=null,newest=null,fixed="",sessions=0,driven=0,read=0,watching=!1,desk={about:null,header:null,goal:{get value(){
return whole(goalSeed)},set value(seed){goalSeed.value=String(seed)}},send:order=>{connection.send(order)},help:()=>openHelp(
desk.about)},connection=new Connection({link,about,said,frame,trouble:text=>notes.add(text,!0)}),stage=new Stage(
part("rows",HTMLElement),lane=>desk.send({do:"lane",lane}),lane=>ghosts.over(lane)),controls=new Controls({desk,
run,open:()=>connection.open,stage:stageArea}),veil=new Veil(()=>{connection.connect()});listenToKeys({drive:()=>drive,
run,stage:stageArea,after:part("first-button",HTMLElement),lanes:()=>desk.header?.lanes??1});for(let{canvas,lane}of stage.
canvases())listenToPointers(canvas,lane,{drive:()=>drive,driven:lane2=>lane2===(desk.header?.lane??0),choose:lane2=>desk.
send({do:"lane",lane:lane2})});function run(command){let why=command.id==="help"?"":connection.open?command.hindered(
desk):"there is no session";if(why!==""){notes.add(`${command.words.split(/[:,(]/)[0]?.trim()??command.id}: ${why}`);
return}command.run(desk),command.id==="branch"&&document.activeElement===document.body&&stageArea.focus({preventScroll:!0})}
function link(link2){veil.show(link2),link2.is==="open"&&(sessions+=1,sessions>1&&notes.add("connected again: \
this is a new session, and what the last one had saved is gone"),[newest,desk.header,watching]=[null,null,!1],
latency.clear(),chart.clear(),trace.clear(),ghosts.clear(),planner.clear(),controls.saved([])),controls.look()}
function about(about2){let text=JSON.stringify(about2);if(fixed!==""&&fixed!==text){location.reload();return}desk.
about=about2,drive??=new Drive(about2.actions),fixed===""&&(showAbout(about2),stage.expect(about2.real),planner.
about(about2),panel.build(drive),stageArea.dataset.drive=drive.way==="target"&&!drive.planar?"keys":drive.way),
fixed=text,controls.about(about2)}function said(said2){switch(said2.say){case"note":case"closing":notes.add(said2.
text);break;case"error":notes.add(said2.text,!0),watching||=/^your key is for "read"/.test(said2.text),driven=
performance.now()+AFTER_ERROR_MS;break;case"state":showState(said2,desk.about);break;case"saved":controls.saved(
said2.names);break;case"recorded":notes.add(`recorded ${count(said2.rows,"row")} into ${said2.path}`);break}}function frame(frame2){
let{header}=frame2,before=desk.header;(before===null||header.lane!==before.lane||header.step<before.step)&&drive?.
follow(header),drive?.shadow(header),ghosts.note(frame2),planner.note(frame2),newest!==null&&newest.header.echo!==
null&&(header.echo=newest.header.echo),desk.header=header,newest=frame2,chart.note(header),drive?.way==="targe\
t"&&drive.planar&&trace.note(header,action=>drive?.place(action)??[0,0])}function turn(now){if(requestAnimationFrame(
turn),veil.turn(now),meters.turn(now),!(drive===null||!connection.open)){if(gamepads.poll(drive,run),now-driven>=
DRIVE_MS){let held=drive.turn(now);held!==null&&(driven=now,watching||(connection.send({do:"drive",...held}),latency.
order(held.at)),newest===null&&stage.mark(desk.header?.lane??0,overlay())),panel.show()}if(desk.header?.paused===
!0&&latency.paused(),newest!==null){let{header}=newest;stage.show(newest,overlay()),meters.show(header,desk.about,
now),controls.show(header),planner.show(header),header.echo!==null&&latency.drawn(header.echo),newest=null}keep.
checked&&now-read>=READ_MS&&(read=now,connection.send({do:"read"}))}}function overlay(){return drive?.way==="t\
arget"&&drive.planar?trace.overlay(drive.place(drive.action)):null}connection.connect();requestAnimationFrame(
turn);})();
