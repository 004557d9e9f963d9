import Foundation
import Testing

@Suite("Watching a folder", .enabled(if: Python.isUsable, "\(Python.advice)"))
struct WatchTests {
    private let folder = TemporaryFolder()

    init() throws {
        try folder.write(Fixture.model, as: "model.nnk")
        for index in 0..<4 { try folder.write(Fixture.drawings.image(index), as: "\(index).bin") }
    }

    /// Runs a script that has a watch of the folder `inbox`: `answers(n)` waits for so many lines.
    private func watch(_ script: String, options: String = "", code: Int = 130) async throws -> String {
        try await Peers.run(
            """
            import json, os, queue, shutil, signal, subprocess, threading, time
            from PIL import Image
            os.makedirs("inbox", exist_ok=True)
            shutil.copy("0.bin", "inbox/old.bin")
            for i in range(4): Image.frombytes("RGB", (64, 64), open(f"{i}.bin", "rb").read()).resize((90, 70)).save(f"{i}.jpg")
            run = subprocess.Popen(
                ["\(CommandLineTool.path)", "predict", "--watch", "inbox", *"\(options)".split()],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            def lines(pipe):
                found = queue.Queue()
                threading.Thread(target=lambda: [found.put(line) for line in pipe], daemon=True).start()
                return found
            out, err = lines(run.stdout), lines(run.stderr)
            while not err.get(timeout=20).startswith("watching inbox"): pass
            def answers(count): return [out.get(timeout=20) for _ in range(count)]
            def inputs(count): return [json.loads(line)["input"] for line in answers(count)]
            \(script)
            if run.poll() is None: run.send_signal(signal.SIGINT)
            start = time.time()
            assert run.wait(timeout=20) == \(code), err.queue
            assert time.time() - start < 1
            assert out.empty(), out.queue
            """, in: folder)
    }

    @Test("copies, renames, new folders, and a photo moved in with its folder")
    func writers() async throws {
        _ = try await watch(
            """
            subprocess.run(["cp", "0.jpg", "inbox/cp.jpg"]); assert inputs(1) == ["inbox/cp.jpg"]
            subprocess.run(["cp", "1.jpg", "inbox/.1.jpg.Xy1"]); time.sleep(0.5)
            subprocess.run(["mv", "inbox/.1.jpg.Xy1", "inbox/mv.jpg"]); assert inputs(1) == ["inbox/mv.jpg"]
            os.makedirs("inbox/new/deep"); shutil.copy2("2.jpg", "inbox/new/deep/2.jpg")
            assert inputs(1) == ["inbox/new/deep/2.jpg"]
            os.makedirs("aside"); shutil.copy2("3.jpg", "aside/3.jpg"); os.rename("aside", "inbox/aside")
            assert inputs(1) == ["inbox/aside/3.jpg"]
            """)
    }

    @Test("names that look the same are two photos", .enabled(if: isLinux, "APFS takes them for one"))
    func lookalikes() async throws {
        _ = try await watch(
            """
            names = ["inbox/caf\\u00e9.jpg", "inbox/cafe\\u0301.jpg"]
            for name in names: shutil.copy("0.jpg", name)
            assert sorted(inputs(2)) == sorted(names)
            """)
    }

    @Test("a slow writer gets one answer, for the whole photo")
    func slow() async throws {
        _ = try await watch(
            """
            data = open("1.jpg", "rb").read()
            with open("inbox/slow.jpg", "wb", 0) as file:
                for at in range(0, len(data), len(data) // 3): file.write(data[at:at + len(data) // 3]); time.sleep(0.7)
            answer = json.loads(answers(1)[0])
            whole = subprocess.run(
                ["\(CommandLineTool.path)", "predict", "1.jpg", "--json"], capture_output=True, text=True)
            assert answer == json.loads(whole.stdout)["predictions"][0] | {"input": "inbox/slow.jpg"}, answer
            """)
    }

    @Test("a photo that is overwritten is answered anew; one that is deleted or only touched is not")
    func overwritten() async throws {
        _ = try await watch(
            """
            def write(i): open("inbox/latest.bin", "wb").write(open(f"{i}.bin", "rb").read())
            seen = []
            for i in range(4): write(i); seen.append(json.loads(answers(1)[0])["probability"])
            assert len(set(seen)) > 1
            shutil.copy("1.bin", "inbox/next"); os.replace("inbox/next", "inbox/latest.bin")
            assert json.loads(answers(1)[0])["probability"] == seen[1]
            shutil.copy("2.jpg", "inbox/short.jpg"); os.remove("inbox/short.jpg")
            os.chmod("inbox/latest.bin", 0o600); os.remove("inbox/old.bin"); time.sleep(1)
            shutil.copy("0.bin", "inbox/old.bin"); assert inputs(1) == ["inbox/old.bin"]
            """)
    }

    @Test("what is no whole photo is said after some seconds, and answered once it is whole")
    func damaged() async throws {
        _ = try await watch(
            """
            data = open("1.jpg", "rb").read()
            open("inbox/cut.jpg", "wb").write(data[:len(data) // 2]); open("inbox/note.txt", "w").write("text")
            answer = json.loads(answers(1)[0])
            assert answer["input"] == "inbox/cut.jpg" and "cut off" in answer["error"], answer
            assert err.get(timeout=20).startswith("Error: inbox/cut.jpg: ")
            assert err.get(timeout=20).startswith("skipped inbox/note.txt: ")
            open("inbox/cut.jpg", "ab").write(data[len(data) // 2:])
            answer = json.loads(answers(1)[0])
            assert "probability" in answer and answer["input"] == "inbox/cut.jpg", answer
            """)
    }

    @Test("a folder that is removed is an error")
    func removed() async throws {
        _ = try await watch(
            """
            shutil.rmtree("inbox"); assert run.wait(timeout=20) == 66
            assert err.get(timeout=20) == "Error: inbox: no such folder; expected a folder to watch\\n"
            """, code: 66)
    }

    @Test("other inputs come first; tables, sorted photos and least confidences work as without a watch")
    func options() async throws {
        _ = try await watch(
            """
            assert answers(1) == ["input,class,probability,error\\n"] and answers(1)[0].startswith("0.jpg,,0.")
            shutil.copy("1.jpg", "inbox/1.jpg"); assert answers(1)[0].startswith("inbox/1.jpg,,0.")
            time.sleep(0.7); assert os.path.samefile("inbox/1.jpg", "inbox/sorted/not sure/1.jpg")
            assert os.path.samefile("0.jpg", "inbox/sorted/not sure/0.jpg")
            """, options: "0.jpg --csv - --sort-into inbox/sorted --link --min-confidence 0.9999")
    }

    @Test("each line fits the schema of a prediction")
    func schema() async throws {
        let lines = try await watch(
            """
            shutil.copy("1.jpg", "inbox/1.jpg"); print(answers(1)[0], end="")
            os.mkfifo("inbox/pipe")
            """)
        let model =
            #""model":{"path":"x","sha256":"\#(String(repeating: "0", count: 64))","layers":[1,1],"precision":"f32"}"#
        let object = "{\(model),\"predictions\":[\(lines.dropLast())]}\n"
        #expect(
            try Outcome(status: 0, wasKilled: false, stdout: object, stderr: "").mismatches("predict") == [])
    }

    @Test(
        "wrong use",
        arguments: [
            ("--watch gone", 66, "gone: no such folder; expected a folder to watch"),
            ("--watch 0.bin", 66, "0.bin: a file; expected a folder to watch"),
            ("--watch . --strict", 64, "--watch and --strict cannot be used together"),
            (
                "--watch . --csv t.csv", 64,
                "--csv: with --watch, which has no end, expected - (standard output), got t.csv"
            ),
        ])
    func misuse(arguments: String, status: Int32, message: String) async throws {
        let words = ["predict"] + arguments.split(separator: " ").map(String.init)
        let outcome = try await CommandLineTool(words, in: folder).run()
        #expect(outcome.status == status)
        #expect(outcome.complaint == "Error: \(message)")
        #expect(outcome.stdout == "")
    }
}
